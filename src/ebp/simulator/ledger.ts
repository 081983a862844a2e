import type { Decimal } from "../../cancellation/decimal.js";
import type { SimulatedCancel, SimulatedItem } from "./simulated-cancel.js";

/** Enough for any load test; about 100 MB at the size of a usual cancel. */
const MAX_ENTRIES = 100_000;

/** One request that reached the simulator. */
export interface ReceivedRequest {
  /** Null when the header is missing. */
  readonly storeId: string | null;
  /** Null when the body names none. */
  readonly orderNo: string | null;
  /** SHA-256 of the body's bytes, hex. */
  readonly bodyHash: string;
  /** The body as received: it holds the refund account, so it is for tests and never served. */
  readonly body: string;
  /** Without the access key and the signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly at: Date;
  /** The result code answered, or what was done instead; null until decided. */
  readonly outcome: string | null;
}

/** One cancel that was carried out: the simulated money moved. */
export interface Effect {
  readonly storeId: string;
  readonly orderNo: string;
  readonly bodyHash: string;
  readonly total: Decimal;
  readonly items: readonly Omit<SimulatedItem, "written">[];
  readonly returnRequestId: string;
  readonly at: Date;
}

/** What happened at the simulator, for tests and people to read. */
export interface Ledger {
  /** Since the start, also those no longer kept. */
  readonly totalReceived: number;
  received(orderNo?: string): readonly ReceivedRequest[];
  effects(orderNo?: string): readonly Effect[];
  /** The most requests for this order that were open at one time. */
  maxInFlight(orderNo: string): number;
  /** Effects of a request whose very bytes had moved money for that store and order before. */
  doubleCancels(): readonly Effect[];
}

type Entry = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

/** In memory; the oldest entries give way. */
export class MemoryLedger implements Ledger {
  #received: Entry[] = [];
  #effects: Effect[] = [];
  #doubles: Effect[] = [];
  #totalReceived = 0;
  readonly #paid = new Set<string>();
  readonly #inFlight = new Map<string, { now: number; most: number }>();

  get totalReceived(): number {
    return this.#totalReceived;
  }

  received(orderNo?: string): readonly ReceivedRequest[] {
    return this.#received.filter((entry) => orderNo === undefined || entry.orderNo === orderNo);
  }

  effects(orderNo?: string): readonly Effect[] {
    return this.#effects.filter((effect) => orderNo === undefined || effect.orderNo === orderNo);
  }

  doubleCancels(): readonly Effect[] {
    return [...this.#doubles];
  }

  maxInFlight(orderNo: string): number {
    return this.#inFlight.get(orderNo)?.most ?? 0;
  }

  /** Returns how to say what became of the request, and how to say that it is over. */
  receive(request: Omit<ReceivedRequest, "outcome">): { decided(outcome: string): void; over(): void } {
    const entry: Entry = { ...request, outcome: null };
    this.#totalReceived += 1;
    this.#received = appended(this.#received, entry);
    const flight = this.#takeOff(request.orderNo ?? "");
    return {
      decided: (outcome) => (entry.outcome = outcome),
      over: () => (flight.now -= 1),
    };
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

  #takeOff(orderNo: string): { now: number; most: number } {
    const flight = this.#inFlight.get(orderNo) ?? { now: 0, most: 0 };
    flight.now += 1;
    flight.most = Math.max(flight.most, flight.now);
    this.#inFlight.set(orderNo, flight);
    forgetOldest(this.#inFlight);
    return flight;
  }
}

/** Drops the older half when the list is twice too long, so that appending stays cheap. */
function appended<T>(entries: T[], entry: T): T[] {
  entries.push(entry);
  return entries.length < 2 * MAX_ENTRIES ? entries : entries.slice(-MAX_ENTRIES);
}

function forgetOldest(keyed: Set<string> | Map<string, unknown>): void {
  if (keyed.size <= MAX_ENTRIES) return;
  for (const oldest of keyed.keys()) {
    keyed.delete(oldest);
    return;
  }
}

/** The ledger without refund accounts, amounts as strings: what other processes may read. */
export function ledgerJson(ledger: Ledger, orderNo?: string): string {
  const received = ledger.received(orderNo).map(({ storeId, orderNo, bodyHash, headers, at, outcome }) => {
    return { storeId, orderNo, bodyHash, headers, at, outcome };
  });
  return JSON.stringify({
    totalReceived: ledger.totalReceived,
    received,
    effects: ledger.effects(orderNo).map(shownEffect),
    doubleCancels: ledger.doubleCancels().map(shownEffect),
    ...(orderNo !== undefined && { maxInFlight: ledger.maxInFlight(orderNo) }),
  });
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
