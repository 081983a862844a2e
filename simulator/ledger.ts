import type { Decimal } from "../src/cancellation/model/decimal.js";
import { appended, forgetOldest } from "./bounded.js";
import type { SimulatedCancel, SimulatedItem } from "./simulated-cancel.js";

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
  /** Since the start, also those no longer kept. Lookups do not count: they move nothing. */
  readonly totalReceived: number;
  /** Cancels, and what was sent to addresses that do not exist. */
  received(orderNo?: string): readonly ReceivedRequest[];
  /** Requests for payment details. */
  lookups(orderNo?: string): readonly ReceivedRequest[];
  effects(orderNo?: string): readonly Effect[];
  /** The most requests for this order that were open at one time, lookups left out. */
  maxInFlight(orderNo: string): number;
  /** Effects of a request whose very bytes had moved money for that store and order before. */
  doubleCancels(): readonly Effect[];
}

/** How to say what became of a request, and how to say that it is over. */
export interface OpenRequest {
  decided(outcome: string): void;
  over(): void;
}

type Entry = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

/** In memory; the oldest entries give way. */
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
    return this.#received.filter((entry) => orderNo === undefined || entry.orderNo === orderNo);
  }

  lookups(orderNo?: string): readonly ReceivedRequest[] {
    return this.#lookups.filter((entry) => orderNo === undefined || entry.orderNo === orderNo);
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

  receive(request: Omit<ReceivedRequest, "outcome">): OpenRequest {
    const entry: Entry = { ...request, outcome: null };
    this.#totalReceived += 1;
    this.#received = appended(this.#received, entry);
    const flight = this.#takeOff(request.orderNo ?? "");
    return {
      decided: (outcome) => (entry.outcome = outcome),
      over: () => (flight.now -= 1),
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

  #takeOff(orderNo: string): { now: number; most: number } {
    const flight = this.#inFlight.get(orderNo) ?? { now: 0, most: 0 };
    flight.now += 1;
    flight.most = Math.max(flight.most, flight.now);
    this.#inFlight.set(orderNo, flight);
    forgetOldest(this.#inFlight);
    return flight;
  }
}
