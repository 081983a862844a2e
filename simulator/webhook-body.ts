import { LosslessNumber, stringify } from "lossless-json";
import { currencyDecimals } from "../src/cancellation/model/store.js";
import { Decimal } from "../src/cancellation/model/decimal.js";
import { WHOLLY_CANCELLED_STATUS } from "./payment.js";

export type WebhookEventType = "PAYMENT_CAPTURED" | "PAYMENT_VOIDED" | "PAYMENT_REFUND_REQUESTED";

/** Something that webhooks tell of. */
export interface Occurrence {
  readonly eventType: WebhookEventType;
  readonly storeId: string;
  readonly orderNo: string;
  readonly amount: Decimal;
  readonly at: Date;
}

/** What EBP's documentation leaves open about amounts, and a reader has to cope with. */
export interface AmountForm {
  readonly units: "minor" | "major";
  readonly isText: boolean;
}

/** `voidedAmount` follows the pattern of the others: no name is published for it. */
const FIELDS = {
  PAYMENT_CAPTURED: { paymentStatus: "CAPTURED", amount: "capturedAmount" },
  PAYMENT_VOIDED: { paymentStatus: WHOLLY_CANCELLED_STATUS, amount: "voidedAmount" },
  PAYMENT_REFUND_REQUESTED: { paymentStatus: "REFUND_REQUESTED", amount: "refundRequestedAmount" },
} as const satisfies Record<WebhookEventType, { paymentStatus: string; amount: string }>;

export function webhookBody(occurrence: Occurrence, currencyCode: string, form: AmountForm): Buffer {
  const { eventType, orderNo, amount, at } = occurrence;
  const fields = FIELDS[eventType];
  // A currency that is not in ISO 4217 has no minor unit that anyone could agree on.
  const exponent = currencyDecimals(currencyCode) ?? 0;
  const shown = form.units === "minor" ? amount.times(new Decimal(10).pow(exponent)) : amount;
  const written = shown.toFixed();
  const body = stringify({
    eventType,
    eventTime: at.toISOString(),
    data: {
      orderNo,
      paymentStatus: fields.paymentStatus,
      [fields.amount]: form.isText ? written : new LosslessNumber(written),
      ...(eventType === "PAYMENT_CAPTURED" && { capturedAt: at.toISOString() }),
      currencyCode,
      exponent,
      resultCode: "0",
      resultMessage: "SUCCESS",
    },
  });
  return Buffer.from(body ?? "", "utf8");
}
