import type { Decimal } from "../src/cancellation/model/decimal.js";
import type { SimulatedCancel, SimulatedItem } from "./cancel-body.js";
import { appended, forgetOldest, paymentStatus, type Payment } from "./payments.js";

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

export interface OpenRequest {
  decided(outcome: string): void;
  over(): void;
}

type Entry = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

/** What the simulator received and did, for tests and people to read. In memory: the oldest entries are dropped when there are too many. */
export class Ledger {
  #received: Entry[] = [];
  #lookups: Entry[] = [];
  #effects: Effect[] = [];
  #doubles: Effect[] = [];
  #totalReceived = 0;
  readonly #paid = new Set<string>();
  readonly #inFlight = new Map<string, { now: number; most: number }>();

  /** Since the start, including dropped entries. Lookups do not count: they move no money. */
  get totalReceived(): number {
    return this.#totalReceived;
  }

  /** Cancels, and requests to unknown paths. */
  received(orderNo?: string): readonly ReceivedRequest[] {
    return ofOrder(this.#received, orderNo);
  }

  /** Requests for payment details. */
  lookups(orderNo?: string): readonly ReceivedRequest[] {
    return ofOrder(this.#lookups, orderNo);
  }

  effects(orderNo?: string): readonly Effect[] {
    return ofOrder(this.#effects, orderNo);
  }

  /** Effects of requests that had moved money for the same store and order before, byte for byte. */
  doubleCancels(): readonly Effect[] {
    return [...this.#doubles];
  }

  /** The most requests for this order that were open at the same time, without lookups. */
  maxInFlight(orderNo: string): number {
    return this.#inFlight.get(orderNo)?.most ?? 0;
  }

  receive(request: Omit<ReceivedRequest, "outcome">): OpenRequest {
    const entry: Entry = { ...request, outcome: null };
    this.#totalReceived += 1;
    this.#received = appended(this.#received, entry);
    const orderNo = request.orderNo ?? "";
    const count = this.#inFlight.get(orderNo) ?? { now: 0, most: 0 };
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    this.#inFlight.set(orderNo, count);
    forgetOldest(this.#inFlight);
    return { decided: (outcome) => (entry.outcome = outcome), over: () => (count.now -= 1) };
  }

  receiveLookup(request: Omit<ReceivedRequest, "outcome">): OpenRequest {
    const entry: Entry = { ...request, outcome: null };
    this.#lookups = appended(this.#lookups, entry);
    return { decided: (outcome) => (entry.outcome = outcome), over: () => undefined };
  }

  perform(cancel: SimulatedCancel, bodyHash: string, returnRequestId: string, at: Date): void {
    const { storeId, orderNo, total } = cancel;
    const items = cancel.items.map(({ written: _, ...item }) => item);
    const effect: Effect = { storeId, orderNo, bodyHash, total, items, returnRequestId, at };
    const key = JSON.stringify([storeId, orderNo, bodyHash]);
    if (this.#paid.has(key)) this.#doubles = appended(this.#doubles, effect);
    this.#paid.add(key);
    forgetOldest(this.#paid);
    this.#effects = appended(this.#effects, effect);
  }

  /** For other processes: without bodies, and so without refund accounts; amounts as strings. */
  json(payments: readonly Payment[], orderNo?: string): string {
    const shown = ({ body: _, ...request }: ReceivedRequest): object => request;
    return JSON.stringify({
      totalReceived: this.totalReceived,
      received: this.received(orderNo).map(shown),
      lookups: this.lookups(orderNo).map(shown),
      effects: this.effects(orderNo),
      payments: payments.map((payment) => ({ ...payment, paymentStatus: paymentStatus(payment) })),
      doubleCancels: this.doubleCancels(),
      ...(orderNo !== undefined && { maxInFlight: this.maxInFlight(orderNo) }),
    });
  }
}

function ofOrder<T extends { readonly orderNo: string | null }>(
  entries: readonly T[],
  orderNo: string | undefined,
): readonly T[] {
  return entries.filter((entry) => orderNo === undefined || entry.orderNo === orderNo);
}
