import type { Encrypted, Encryptor } from "./encryptor.js";

/** A table with encrypted data: which columns, and how a row is encrypted anew. */
export interface EncryptedTable {
  readonly name: string;
  /** The columns of its primary key, each with its type. A row is named by their texts, in this order. */
  readonly key: readonly (readonly [column: string, type: string])[];
  readonly column: string;
  readonly keyIdColumn: string;
  /** @throws DecryptionError when it cannot be opened. */
  reencrypt(encryptor: Encryptor, encrypted: Encrypted, key: readonly string[]): Encrypted;
}

/** Every encrypted column. A column that is missing here would keep an old key needed for ever, unseen. */
export const ENCRYPTED_TABLES: readonly EncryptedTable[] = [
  {
    name: "cancellation",
    key: [
      ["store_id", "text"],
      ["id", "uuid"],
    ],
    column: "refund_account_sealed",
    keyIdColumn: "refund_account_key_id",
    reencrypt: (encryptor, encrypted, [storeId = "", id = ""]) =>
      encryptor.reencryptAccount(encrypted, { storeId, id }),
  },
  {
    name: "cancellation_event",
    key: [
      ["store_id", "text"],
      ["cancellation_id", "uuid"],
      ["number", "integer"],
    ],
    column: "answer_sealed",
    keyIdColumn: "answer_key_id",
    reencrypt: (encryptor, encrypted, [storeId = "", id = ""]) =>
      encryptor.reencryptAnswer(encrypted, { storeId, id }),
  },
  {
    name: "webhook_event",
    key: [["digest", "text"]],
    column: "body_sealed",
    keyIdColumn: "body_key_id",
    reencrypt: (encryptor, encrypted, [digest = ""]) => encryptor.reencryptWebhook(encrypted, digest),
  },
];
