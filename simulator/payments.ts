import { Decimal } from "../src/cancellation/model/decimal.js";
import { asDecimal } from "../src/ebp/json.js";
import { forgetOldest } from "./bounded.js";
import type { Numbering } from "./numbering.js";
import { forcedBehaviour } from "./order-numbers.js";
import { paymentStatedBy } from "./payment-order-numbers.js";
import type { Payment } from "./payment.js";
import type { SimulatedCancel } from "./simulated-cancel.js";

export interface RegisteredPayment {
  readonly orderNo: string;
  /** A decimal, such as "106000" or "12.50". */
  readonly total: string;
  readonly captured: boolean;
  /** The simulator's first store unless stated. */
  readonly storeId?: string;
}

/** The payments that the simulator knows, for tests to add to and to read. */
export interface PaymentRegister {
  /**
   * Makes a payment known. Once more for the same order states total and capture anew (so a payment can be captured
   * later) and keeps what has been cancelled. Throws a TypeError for an unknown store or a total that is no decimal.
   */
  register(payment: RegisteredPayment): void;
  all(orderNo?: string): readonly Payment[];
}

interface PaymentsParts {
  /** The first is the one that payments are registered for. */
  readonly storeIds: readonly string[];
  readonly numbering: Numbering;
  /** Called when a payment is first known to be captured, and for how much. */
  readonly onCaptured: (payment: Payment, total: Decimal) => void;
}

/** In memory, so forgotten at a restart; the oldest payments give way. */
export class Payments implements PaymentRegister {
  readonly #parts: PaymentsParts;
  readonly #known = new Map<string, Payment>();

  constructor(parts: PaymentsParts) {
    this.#parts = parts;
  }

  register({ orderNo, total, captured, storeId = this.#parts.storeIds[0] }: RegisteredPayment): void {
    const amount = asDecimal(total);
    if (amount === null) throw new TypeError(`registering payment ${orderNo}: "${total}" is no decimal`);
    if (storeId === undefined || !this.#parts.storeIds.includes(storeId))
      throw new TypeError(`registering payment ${orderNo}: no store "${storeId ?? ""}"`);
    this.#state(storeId, orderNo, amount, captured);
  }

  all(orderNo?: string): readonly Payment[] {
    return [...this.#known.values()].filter((known) => orderNo === undefined || known.orderNo === orderNo);
  }

  /** Null when nothing is known of the order, which is not to say that nothing was cancelled. */
  find(storeId: string, orderNo: string): Payment | null {
    const known = this.#known.get(keyOf(storeId, orderNo));
    if (known !== undefined) return known;
    const stated = paymentStatedBy(orderNo);
    return stated === null ? null : this.#state(storeId, orderNo, stated.total, stated.captured);
  }

  /** The payment that a valid cancel is of. EBP would not have taken the cancel of an order that is not there. */
  findFor({ storeId, orderNo, total }: SimulatedCancel): Payment {
    const known = this.find(storeId, orderNo);
    if (known !== null) return known;
    // A capture can only be told of, and so told of late, when its amount is known.
    const needsTotal = forcedBehaviour(orderNo)?.webhooks === "reordered";
    return this.#state(storeId, orderNo, needsTotal ? total : null, true);
  }

  recordCancel(cancel: SimulatedCancel): void {
    const payment = this.findFor(cancel);
    this.#keep({
      ...payment,
      cancelled: payment.cancelled.plus(cancel.total),
      pgCancelTransactionId: this.#parts.numbering.pgCancelTransactionId(),
    });
  }

  #state(storeId: string, orderNo: string, total: Decimal | null, captured: boolean): Payment {
    const before = this.#known.get(keyOf(storeId, orderNo));
    const payment = { ...(before ?? this.#untouched(storeId, orderNo)), total, captured };
    this.#keep(payment);
    const wasTold = before?.captured === true && before.total !== null;
    if (captured && total !== null && !wasTold) this.#parts.onCaptured(payment, total);
    return payment;
  }

  #untouched(storeId: string, orderNo: string): Omit<Payment, "total" | "captured"> {
    const { numbering } = this.#parts;
    return {
      storeId,
      orderNo,
      cancelled: new Decimal(0),
      storeRequestNo: numbering.storeRequestNo(),
      pgTransactionId: numbering.pgTransactionId(),
      pgCancelTransactionId: null,
    };
  }

  #keep(payment: Payment): void {
    this.#known.set(keyOf(payment.storeId, payment.orderNo), payment);
    forgetOldest(this.#known);
  }
}

function keyOf(storeId: string, orderNo: string): string {
  return JSON.stringify([storeId, orderNo]);
}
