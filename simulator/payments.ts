import { Decimal } from "../src/cancellation/model/decimal.js";
import { asDecimal } from "../src/ebp/json.js";
import { forgetOldest } from "./bounded.js";
import type { SimulatedCancel } from "./cancel-body.js";
import type { Numbering } from "./numbering.js";
import { forcedBehaviour, type ForcedError } from "./order-numbers.js";

/** The status of a payment that is wholly cancelled, before capture or after. */
export const WHOLLY_CANCELLED_STATUS = "CANCELED";

/** One payment as the simulator knows it. */
export interface Payment {
  readonly storeId: string;
  readonly orderNo: string;
  /** Null when only cancels of it have been seen: then any cancel fits. */
  readonly total: Decimal | null;
  readonly captured: boolean;
  readonly cancelled: Decimal;
  readonly storeRequestNo: string;
  readonly pgTransactionId: string;
  /** Of the latest cancel that took effect; null before the first. */
  readonly pgCancelTransactionId: string | null;
}

export type PaymentStatus = "APPROVED" | "CAPTURED" | "REFUND_REQUESTED" | typeof WHOLLY_CANCELLED_STATUS;

export function paymentStatus(payment: Payment): PaymentStatus {
  if (isWhollyCancelled(payment)) return WHOLLY_CANCELLED_STATUS;
  if (payment.pgCancelTransactionId !== null) return "REFUND_REQUESTED";
  return payment.captured ? "CAPTURED" : "APPROVED";
}

const CANCELLATION_FAILED: ForcedError = { httpStatus: 500, resultCode: "EBP-C-0010" };
const PARTIAL_BEFORE_CAPTURE: ForcedError = { httpStatus: 400, resultCode: "EBP-C-0005" };

/** Why a payment does not allow a cancel of this total; null when it does. */
export function refusalOf(payment: Payment, cancelTotal: Decimal): ForcedError | null {
  if (payment.total === null) return null;
  if (isWhollyCancelled(payment)) return CANCELLATION_FAILED;
  if (!payment.captured) return cancelTotal.equals(payment.total) ? null : PARTIAL_BEFORE_CAPTURE;
  return cancelTotal.greaterThan(payment.total.minus(payment.cancelled)) ? CANCELLATION_FAILED : null;
}

/** A payment of 0 is not cancelled from the start: the id says whether there was a cancel. */
function isWhollyCancelled({ total, cancelled, pgCancelTransactionId }: Payment): boolean {
  return total !== null && pgCancelTransactionId !== null && cancelled.greaterThanOrEqualTo(total);
}

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
   * Makes a payment known. For a known order it replaces total and capture (so a payment can be captured later) and keeps what has
   * been cancelled. Throws a TypeError for an unknown store or a total that is no decimal.
   */
  register(payment: RegisteredPayment): void;
  all(orderNo?: string): readonly Payment[];
}

interface PaymentsDependencies {
  /** Payments are registered for the first unless stated. */
  readonly storeIds: readonly string[];
  readonly numbering: Numbering;
  /** Called when a payment is first known to be captured, with the captured amount. */
  readonly onCaptured: (payment: Payment, total: Decimal) => void;
}

/** In memory: a restart forgets them, and the oldest are dropped when there are too many. */
export class Payments implements PaymentRegister {
  readonly #known = new Map<string, Payment>();

  constructor(private readonly dependencies: PaymentsDependencies) {}

  register({ orderNo, total, captured, storeId = this.dependencies.storeIds[0] }: RegisteredPayment): void {
    const amount = asDecimal(total);
    if (amount === null) throw new TypeError(`registering payment ${orderNo}: "${total}" is no decimal`);
    if (storeId === undefined || !this.dependencies.storeIds.includes(storeId))
      throw new TypeError(`registering payment ${orderNo}: no store "${storeId ?? ""}"`);
    this.#state(storeId, orderNo, amount, captured);
  }

  all(orderNo?: string): readonly Payment[] {
    return [...this.#known.values()].filter((known) => orderNo === undefined || known.orderNo === orderNo);
  }

  /** Null when nothing is known of the order. That does not mean that nothing was cancelled. */
  find(storeId: string, orderNo: string): Payment | null {
    const known = this.#known.get(keyOf(storeId, orderNo));
    if (known !== undefined) return known;
    const stated = paymentStatedBy(orderNo);
    return stated === null ? null : this.#state(storeId, orderNo, stated.total, stated.captured);
  }

  /** The payment of a valid cancel. For an unknown order it makes one up that fits any cancel. */
  findFor({ storeId, orderNo, total }: SimulatedCancel): Payment {
    const known = this.find(storeId, orderNo);
    if (known !== null) return known;
    // A webhook about a capture needs its amount.
    const needsTotal = forcedBehaviour(orderNo)?.webhooks === "reordered";
    return this.#state(storeId, orderNo, needsTotal ? total : null, true);
  }

  recordCancel(cancel: SimulatedCancel): void {
    const payment = this.findFor(cancel);
    this.#keep({
      ...payment,
      cancelled: payment.cancelled.plus(cancel.total),
      pgCancelTransactionId: this.dependencies.numbering.pgCancelTransactionId(),
    });
  }

  #state(storeId: string, orderNo: string, total: Decimal | null, captured: boolean): Payment {
    const before = this.#known.get(keyOf(storeId, orderNo));
    const payment = { ...(before ?? this.#untouched(storeId, orderNo)), total, captured };
    this.#keep(payment);
    const wasAnnounced = before?.captured === true && before.total !== null;
    if (captured && total !== null && !wasAnnounced) this.dependencies.onCaptured(payment, total);
    return payment;
  }

  #untouched(storeId: string, orderNo: string): Omit<Payment, "total" | "captured"> {
    const { numbering } = this.dependencies;
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

/** No digit or point may follow the total: SIM-CAPTURED-12.50.1 states none. */
const STATED_PAYMENT = /^SIM-(?<state>CAPTURED|UNCAPTURED)-(?<total>\d+(?:\.\d+)?)(?![\d.])/u;

/** The payment that an order number of the form SIM-CAPTURED-<total>… or SIM-UNCAPTURED-<total>… stands for. */
function paymentStatedBy(orderNo: string): { readonly total: Decimal; readonly captured: boolean } | null {
  const { state, total } = STATED_PAYMENT.exec(orderNo)?.groups ?? {};
  const amount = asDecimal(total);
  return amount === null ? null : { total: amount, captured: state === "CAPTURED" };
}

function keyOf(storeId: string, orderNo: string): string {
  return JSON.stringify([storeId, orderNo]);
}
