import type { Sealed, Sealer } from "./sealer.js";

/** A table with something sealed in it: which columns, and how a row's seal is made anew. */
export interface SealedTable {
  readonly name: string;
  /** The columns of its primary key, each with its type. A row is named by their texts, in this order. */
  readonly key: readonly (readonly [column: string, type: string])[];
  readonly sealedColumn: string;
  readonly keyIdColumn: string;
  /** @throws UnsealError when it cannot be opened. */
  reseal(sealer: Sealer, sealed: Sealed, key: readonly string[]): Sealed;
}

/** All that is sealed. A column that is missing here would keep an old key needed for ever, unseen. */
export const SEALED_TABLES: readonly SealedTable[] = [
  {
    name: "cancellation",
    key: [
      ["store_id", "text"],
      ["id", "uuid"],
    ],
    sealedColumn: "refund_account_sealed",
    keyIdColumn: "refund_account_key_id",
    reseal: (sealer, sealed, [storeId = "", id = ""]) => sealer.resealAccount(sealed, { storeId, id }),
  },
  {
    name: "cancellation_event",
    key: [
      ["store_id", "text"],
      ["cancellation_id", "uuid"],
      ["number", "integer"],
    ],
    sealedColumn: "answer_sealed",
    keyIdColumn: "answer_key_id",
    reseal: (sealer, sealed, [storeId = "", id = ""]) => sealer.resealAnswer(sealed, { storeId, id }),
  },
  {
    name: "webhook_event",
    key: [["digest", "text"]],
    sealedColumn: "body_sealed",
    keyIdColumn: "body_key_id",
    reseal: (sealer, sealed, [digest = ""]) => sealer.resealWebhook(sealed, digest),
  },
];
