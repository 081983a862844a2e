import type { Decimal } from "../src/cancellation/model/decimal.js";
import { asDecimal } from "../src/ebp/json.js";

export interface StatedPayment {
  readonly total: Decimal;
  readonly captured: boolean;
}

/** Nothing that could belong to the total may follow it: 12.50.1 is no total, and 12 is not meant. */
const STATED = /^SIM-(?<state>CAPTURED|UNCAPTURED)-(?<total>\d+(?:\.\d+)?)(?![\d.])/u;

/** The payment that an order number of the form SIM-CAPTURED-<total>… or SIM-UNCAPTURED-<total>… stands for. */
export function paymentStatedBy(orderNo: string): StatedPayment | null {
  const { state, total } = STATED.exec(orderNo)?.groups ?? {};
  const amount = asDecimal(total);
  return amount === null ? null : { total: amount, captured: state === "CAPTURED" };
}
