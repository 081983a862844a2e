import { Decimal } from "../cancellation/model/decimal.js";
import type { WebhookKind } from "../cancellation/model/webhook-event.js";
import { asDecimal, asInt32, type JsonObject } from "./json-values.js";

/** What EBP's amounts in webhooks are counted in. Its documentation does not say: it is a setting. */
export type WebhookAmounts = "minor" | "major";

/** ISO 4217 knows no currency with more decimal places. */
const MAX_EXPONENT = 4;

/**
 * Where an event of each kind states its amount, the first that is there. EBP does not publish the name for a void; but a
 * void is always of the whole payment, so any amount of the payment that the event states is the voided one.
 */
const AMOUNT_FIELDS: Readonly<Record<WebhookKind, readonly string[]>> = {
  VOIDED: ["voidedAmount", "amount"],
  REFUND_REQUESTED: ["refundRequestedAmount"],
  CAPTURED: ["capturedAmount"],
  OTHER: [],
};

/** In major units, exact. Null for what is missing or not readable without a guess, and for an amount below zero. */
export function readWebhookAmount(
  kind: WebhookKind,
  data: JsonObject,
  amounts: WebhookAmounts,
): Decimal | null {
  const stated = AMOUNT_FIELDS[kind].map((field) => data[field]).find((value) => (value ?? null) !== null);
  const amount = asDecimal(stated);
  if (amount === null || amount.isNegative()) return null;
  return amounts === "major" ? amount : fromMinorUnits(amount, asInt32(data["exponent"]));
}

function fromMinorUnits(amount: Decimal, exponent: number | null): Decimal | null {
  if (exponent === null || exponent < 0 || exponent > MAX_EXPONENT || !amount.isInteger()) return null;
  return amount.times(new Decimal(10).pow(-exponent));
}
