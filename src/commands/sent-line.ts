import { z } from "zod";
import { SENT, type SentRecord } from "../cancellation/cancel/sent-record.js";
import { Decimal } from "../cancellation/model/decimal.js";
import { ITEM_TYPES } from "../cancellation/model/cancel-request.js";
import { AMOUNT_BASES } from "../cancellation/model/store.js";
import { requestValues } from "../persistence/intent-statement.js";
import type { Encryptor } from "../persistence/encryptor.js";
import type { SqlValues } from "../persistence/statement.js";

const amount = z.string().regex(/^\d{1,15}(?:\.\d{1,4})?$/u);
const text = z.string().min(1).max(255);
const integer = z.int().min(0).max(2_147_483_647);

const sentSchema: z.ZodType<SentRecord> = z.object({
  store: text,
  id: z.uuid(),
  key: text,
  order: text,
  total: amount,
  currency: z.string().regex(/^[A-Z]{3}$/u),
  amountBasis: z.enum(AMOUNT_BASES),
  lines: z
    .array(
      z.object({
        seq: integer,
        itemType: z.enum(ITEM_TYPES),
        itemId: text,
        quantity: integer,
        amount,
        taxAmount: amount.nullable(),
      }),
    )
    .min(1),
  hasRefundAccount: z.boolean(),
  fingerprint: text,
  moment: z.iso.datetime(),
});

/** One line of the service's log. Null: it is not about a send. */
export function readSentLine(line: string): SentRecord | "unreadable" | null {
  if (!line.includes(`"msg":"${SENT}"`)) return null;
  try {
    return sentSchema.parse(JSON.parse(line));
  } catch {
    return "unreadable";
  }
}

/** As an intent has them, without what is not logged. */
export function sentValues(sent: SentRecord, encryptor: Encryptor): SqlValues {
  const store = {
    id: sent.store,
    currencyCode: sent.currency,
    currencyDecimals: 0,
    amountBasis: sent.amountBasis,
  };
  const request = {
    idempotencyKey: sent.key,
    storeId: sent.store,
    orderNo: sent.order,
    totalCancelAmount: new Decimal(sent.total),
    items: sent.lines.map((line) => ({
      ...line,
      amount: new Decimal(line.amount),
      taxAmount: line.taxAmount === null ? null : new Decimal(line.taxAmount),
    })),
    refundAccount: null,
    reason: null,
    note: null,
    expectedCancelledTotal: null,
  };
  return requestValues(
    { id: sent.id, store, request, fingerprint: sent.fingerprint, requestedBy: null },
    encryptor,
  );
}
