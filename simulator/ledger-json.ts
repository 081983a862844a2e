import type { Effect, Ledger, ReceivedRequest } from "./ledger.js";
import { paymentStatus, type Payment } from "./payment.js";

/** The ledger without bodies and so without refund accounts, amounts as strings: what other processes may read. */
export function ledgerJson(ledger: Ledger, payments: readonly Payment[], orderNo?: string): string {
  return JSON.stringify({
    totalReceived: ledger.totalReceived,
    received: ledger.received(orderNo).map(shownRequest),
    lookups: ledger.lookups(orderNo).map(shownRequest),
    effects: ledger.effects(orderNo).map(shownEffect),
    payments: payments.map(shownPayment),
    doubleCancels: ledger.doubleCancels().map(shownEffect),
    ...(orderNo !== undefined && { maxInFlight: ledger.maxInFlight(orderNo) }),
  });
}

function shownRequest({ storeId, orderNo, bodyHash, headers, at, outcome }: ReceivedRequest): object {
  return { storeId, orderNo, bodyHash, headers, at, outcome };
}

function shownEffect(effect: Effect): object {
  return {
    ...effect,
    total: effect.total.toFixed(),
    items: effect.items.map((item) => ({
      ...item,
      amount: item.amount.toFixed(),
      taxAmount: item.taxAmount?.toFixed() ?? null,
    })),
  };
}

function shownPayment(payment: Payment): object {
  return {
    ...payment,
    total: payment.total?.toFixed() ?? null,
    cancelled: payment.cancelled.toFixed(),
    paymentStatus: paymentStatus(payment),
  };
}
