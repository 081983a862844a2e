import type { Decimal } from "../model/decimal.js";

/** What one webhook has told of a capture; null is not stated, or not readable. */
export interface ToldCapture {
  readonly amount: Decimal | null;
  readonly currencyCode: string | null;
  readonly eventTime: Date | null;
}

/**
 * What was captured of a payment, when all that is told is one capture, however often it is told. Null when nothing is told, or it cannot
 * be read, or there were several captures: of those nobody says that there are no more.
 */
export function capturedAmountOf(told: readonly ToldCapture[], currencyCode: string): Decimal | null {
  const [first, ...more] = told;
  if (first === undefined || first.amount === null || first.currencyCode !== currencyCode) return null;
  const { amount, eventTime } = first;
  const isOne = more.every(
    (one) =>
      one.currencyCode === currencyCode &&
      one.amount?.equals(amount) === true &&
      eventTime !== null &&
      one.eventTime?.getTime() === eventTime.getTime(),
  );
  return isOne ? amount : null;
}
