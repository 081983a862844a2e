import type { Decimal } from "../src/cancellation/model/decimal.js";
import { appended, forgetOldest } from "./bounded.js";
import type { SimulatedCancel, SimulatedItem } from "./cancel-body.js";
import { paymentStatus, type Payment } from "./payments.js";

/** One request that reached the simulator. */
export interface ReceivedRequest {
  /** Null when the header is missing. */
  readonly storeId: string | null;
  /** Null when the body names none. */
  readonly orderNo: string | null;
  /** SHA-256 of the body's bytes, hex. */
  readonly bodyHash: string;
  /** As received, with the refund account: for tests, never served. */
  readonly body: string;
  /** Without the access key and the signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly at: Date;
  /** The result code, or what happened instead of an answer; null until decided. */
  readonly outcome: string | null;
}

/** A cancel that was performed: the simulated money moved. */
export interface Effect {
  readonly storeId: string;
  readonly orderNo: string;
  readonly bodyHash: string;
  readonly total: Decimal;
  readonly items: readonly Omit<SimulatedItem, "written">[];
  readonly returnRequestId: string;
  readonly at: Date;
}

/** What the simulator received and did, for tests and people to read. */
export interface Ledger {
  /** Since the start, including dropped entries. Lookups do not count: they move no money. */
  readonly totalReceived: number;
  /** Cancels, and requests to unknown paths. */
  received(orderNo?: string): readonly ReceivedRequest[];
  /** Requests for payment details. */
  lookups(orderNo?: string): readonly ReceivedRequest[];
  effects(orderNo?: string): readonly Effect[];
  /** The most requests for this order that were open at the same time, without lookups. */
  maxInFlight(orderNo: string): number;
  /** Effects of requests that had moved money for the same store and order before, byte for byte. */
  doubleCancels(): readonly Effect[];
}

export interface OpenRequest {
  decided(outcome: string): void;
  over(): void;
}

type Entry = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

/** In memory. The oldest entries are dropped when there are too many. */
export class MemoryLedger implements Ledger {
  #received: Entry[] = [];
  #lookups: Entry[] = [];
  #effects: Effect[] = [];
  #doubles: Effect[] = [];
  #totalReceived = 0;
  readonly #paid = new Set<string>();
  readonly #inFlight = new Map<string, { now: number; most: number }>();

  get totalReceived(): number {
    return this.#totalReceived;
  }

  received(orderNo?: string): readonly ReceivedRequest[] {
    return ofOrder(this.#received, orderNo);
  }

  lookups(orderNo?: string): readonly ReceivedRequest[] {
    return ofOrder(this.#lookups, orderNo);
  }

  effects(orderNo?: string): readonly Effect[] {
    return ofOrder(this.#effects, orderNo);
  }

  doubleCancels(): readonly Effect[] {
    return [...this.#doubles];
  }

  maxInFlight(orderNo: string): number {
    return this.#inFlight.get(orderNo)?.most ?? 0;
  }

  receive(request: Omit<ReceivedRequest, "outcome">): OpenRequest {
    const entry: Entry = { ...request, outcome: null };
    this.#totalReceived += 1;
    this.#received = appended(this.#received, entry);
    const inFlight = this.#countInFlight(request.orderNo ?? "");
    return {
      decided: (outcome) => (entry.outcome = outcome),
      over: () => (inFlight.now -= 1),
    };
  }

  receiveLookup(request: Omit<ReceivedRequest, "outcome">): OpenRequest {
    const entry: Entry = { ...request, outcome: null };
    this.#lookups = appended(this.#lookups, entry);
    return { decided: (outcome) => (entry.outcome = outcome), over: () => undefined };
  }

  perform(cancel: SimulatedCancel, bodyHash: string, returnRequestId: string, at: Date): void {
    const { storeId, orderNo, total } = cancel;
    const items = cancel.items.map(({ seq, itemType, itemId, quantity, amount, taxAmount }) => {
      return { seq, itemType, itemId, quantity, amount, taxAmount };
    });
    const effect: Effect = { storeId, orderNo, bodyHash, total, items, returnRequestId, at };
    const key = JSON.stringify([effect.storeId, effect.orderNo, effect.bodyHash]);
    if (this.#paid.has(key)) this.#doubles = appended(this.#doubles, effect);
    this.#paid.add(key);
    forgetOldest(this.#paid);
    this.#effects = appended(this.#effects, effect);
  }

  #countInFlight(orderNo: string): { now: number; most: number } {
    const count = this.#inFlight.get(orderNo) ?? { now: 0, most: 0 };
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    this.#inFlight.set(orderNo, count);
    forgetOldest(this.#inFlight);
    return count;
  }
}

function ofOrder<T extends { readonly orderNo: string | null }>(
  entries: readonly T[],
  orderNo: string | undefined,
): readonly T[] {
  return entries.filter((entry) => orderNo === undefined || entry.orderNo === orderNo);
}

/** The ledger for other processes: without bodies, and so without refund accounts; amounts as strings. */
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
