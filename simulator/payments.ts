import { Decimal } from "../src/cancellation/model/decimal.js";
import { asDecimal } from "../src/ebp/json.js";
import type { SimulatedCancel } from "./cancel-body.js";
import { forcedBehaviour, type ForcedError } from "./order-numbers.js";

/** Of any list or map of the simulator: enough for any load test, and about 100 MB at the size of a usual cancel. */
const MAX_ENTRIES = 100_000;

/** Drops the older half when the list is twice too long, so that appending stays cheap. */
export function appended<T>(entries: T[], entry: T): T[] {
  entries.push(entry);
  return entries.length < 2 * MAX_ENTRIES ? entries : entries.slice(-MAX_ENTRIES);
}

export function forgetOldest(keyed: Set<string> | Map<string, unknown>): void {
  const [oldest] = keyed.keys();
  if (keyed.size > MAX_ENTRIES && oldest !== undefined) keyed.delete(oldest);
}

const MS_PER_DAY = 86_400_000;

/** The head of every answer. */
export interface Tracking {
  readonly requestId: string;
  readonly timestamp: string;
}

/** Makes the ids and timestamps of one simulator, in the form of the published examples. */
export class Numbering {
  #lastRequestId = 0;
  readonly #counts = new Map<string, number>();

  constructor(private readonly now: () => Date) {}

  tracking(): Tracking {
    const now = this.now();
    this.#lastRequestId = Math.max(this.#lastRequestId + 1, now.getTime());
    // EBP writes nine decimals; the clock has three.
    const timestamp = now.toISOString().replace("Z", "292900Z");
    return { requestId: String(this.#lastRequestId), timestamp };
  }

  /** Prefix, day, millisecond of the day and count: unique across restarts too. EBP shows no form of a payment gateway's ids. */
  next(prefix: "RETREQ" | "PG" | "PGCANCEL" | "STOREREQ"): string {
    const now = this.now();
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    const day = now.toISOString().slice(0, 10).replaceAll("-", "");
    const millisecond = String(now.getTime() % MS_PER_DAY).padStart(8, "0");
    return `${prefix}${day}${millisecond}${String(count).padStart(3, "0")}`;
  }
}

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

export function paymentStatus(payment: Payment): string {
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

/** The payments that the simulator knows. In memory: a restart forgets them, and the oldest are dropped when there are too many. */
export class Payments {
  readonly #known = new Map<string, Payment>();

  /** @param onCaptured called when a payment is first known to be captured, with the captured amount. */
  constructor(
    private readonly storeIds: readonly string[],
    private readonly numbering: Numbering,
    private readonly onCaptured: (payment: Payment, total: Decimal) => void,
  ) {}

  /**
   * Makes a payment known. For a known order it replaces total and capture (so a payment can be captured later) and keeps what has
   * been cancelled. Throws a TypeError for an unknown store or a total that is no decimal.
   */
  register({ orderNo, total, captured, storeId = this.storeIds[0] }: RegisteredPayment): void {
    const amount = asDecimal(total);
    if (amount === null) throw new TypeError(`registering payment ${orderNo}: "${total}" is no decimal`);
    if (storeId === undefined || !this.storeIds.includes(storeId))
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
    const { state, total } = STATED_PAYMENT.exec(orderNo)?.groups ?? {};
    const amount = asDecimal(total);
    return amount === null ? null : this.#state(storeId, orderNo, amount, state === "CAPTURED");
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
    const cancelled = payment.cancelled.plus(cancel.total);
    this.#keep({ ...payment, cancelled, pgCancelTransactionId: this.numbering.next("PGCANCEL") });
  }

  #state(storeId: string, orderNo: string, total: Decimal | null, captured: boolean): Payment {
    const before = this.#known.get(keyOf(storeId, orderNo));
    const known = before ?? {
      storeId,
      orderNo,
      cancelled: new Decimal(0),
      storeRequestNo: this.numbering.next("STOREREQ"),
      pgTransactionId: this.numbering.next("PG"),
      pgCancelTransactionId: null,
    };
    const payment = { ...known, total, captured };
    this.#keep(payment);
    const wasAnnounced = before?.captured === true && before.total !== null;
    if (captured && total !== null && !wasAnnounced) this.onCaptured(payment, total);
    return payment;
  }

  #keep(payment: Payment): void {
    this.#known.set(keyOf(payment.storeId, payment.orderNo), payment);
    forgetOldest(this.#known);
  }
}

/**
 * The payment that an order number stands for: SIM-CAPTURED-<total>… or SIM-UNCAPTURED-<total>…. No digit or point may follow the total:
 * SIM-CAPTURED-12.50.1 states none.
 */
const STATED_PAYMENT = /^SIM-(?<state>CAPTURED|UNCAPTURED)-(?<total>\d+(?:\.\d+)?)(?![\d.])/u;

function keyOf(storeId: string, orderNo: string): string {
  return JSON.stringify([storeId, orderNo]);
}
