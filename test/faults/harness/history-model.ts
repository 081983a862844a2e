import type { OrderCopy } from "./history-restore.js";
import type { Request, Told } from "./requests.js";

/** What the service should believe of one request, and what is true of it. */
export interface ModelRequest {
  readonly request: Request;
  id: string;
  status: Told["status"];
  safeToRetry: boolean;
  /** Whether its money has moved, or will once EBP gets to it. */
  truth: "moved" | "late" | "not";
  /** EBP's events have told what became of its money. */
  isSettled: boolean;
  /** It was in doubt, and a lookup or a person said that nothing was cancelled. */
  wasFoundToHaveFailed: boolean;
  /** The process that looks has seen its doubt for as long as the tests have let pass since. */
  isSeen: boolean;
  /** The database's clock was ahead when it was asked for: by EBP's clock, events about it seem to have happened before. */
  wasAskedAhead: boolean;
  /** The process that committed it is alive, and enters it again when the database forgets it. */
  isRemembered: boolean;
  /** One of EBP's events decided it, and did not only settle it later. */
  wasDecidedByEvent: boolean;
  /** EBP, or a lookup, said that nothing was cancelled, and a caller may try again. */
  wasSafeToRetry: boolean;
}

/** What a standby that is behind has of the order. */
interface ModelCopy {
  readonly order: OrderCopy;
  readonly requests: ReadonlyMap<ModelRequest, Readonly<ModelRequest>>;
  readonly events: ReadonlyMap<ModelEvent, ModelEvent["state"]>;
}

/** One of EBP's events of success, and the requests that were there when it came in: it can be about no other. */
export interface ModelEvent {
  readonly amount: number;
  readonly there: readonly ModelRequest[];
  state: "waiting" | "matched" | "evidence";
}

/** The reference: one order, its payment at EBP, and what was asked for. */
export class Model {
  readonly requests: ModelRequest[] = [];
  readonly events: ModelEvent[] = [];
  copy: ModelCopy | undefined;
  /** The database has gone back at least once. */
  hasGoneBack = false;
  /** What EBP has cancelled of it. */
  moved = 0;
  /** Its webhook has told how much there is. */
  captureTold = false;

  constructor(readonly total: number) {}

  get open(): ModelRequest | undefined {
    return this.requests.find(isOpen);
  }

  get late(): ModelRequest | undefined {
    return this.requests.find(({ truth }) => truth === "late");
  }

  get left(): number {
    return this.total - this.moved;
  }

  /** EBP carries it out, unless that is more than is left. */
  reachesEbp(one: ModelRequest): void {
    const { amount } = one.request;
    one.truth = amount <= this.left ? "moved" : "not";
    if (one.truth === "moved") this.moved += amount;
  }

  keepCopy(order: OrderCopy): void {
    this.copy = {
      order,
      requests: new Map(this.requests.map((one) => [one, { ...one }])),
      events: new Map(this.events.map((event) => [event, event.state])),
    };
  }

  /**
   * The database forgets what came since the copy. What the replica that is alive has committed since then, and EBP's events, it enters
   * again; what followed from an event follows again when it is looked at.
   */
  goBack(): OrderCopy {
    const { copy } = this;
    if (copy === undefined) throw new Error("there is no copy");
    for (const event of this.events) event.state = copy.events.get(event) ?? "waiting";
    for (const one of this.requests) {
      const then = copy.requests.get(one);
      if (one.wasDecidedByEvent && then?.status !== one.status) {
        one.status = "UNKNOWN";
        one.wasDecidedByEvent = false;
      }
      const isAsThen = then?.status === one.status;
      one.isSettled = isAsThen && then.isSettled;
      one.safeToRetry = isAsThen ? then.safeToRetry : one.wasSafeToRetry;
      one.wasAskedAhead &&= then?.wasAskedAhead === true;
    }
    this.hasGoneBack = true;
    return copy.order;
  }

  /** The process that is alive remembers nothing. No standby is so far behind that one from before it is promoted. */
  forgetCopy(): void {
    this.copy = undefined;
    for (const one of this.requests) one.isRemembered = false;
  }

  tell(amount: number): void {
    this.events.push({ amount, there: [...this.requests], state: "waiting" });
  }

  /** What one run of the reconciler should lead to, when everything is due. */
  reconcile(isSettled: boolean): void {
    const one = this.open;
    if (one?.status === "PENDING") one.status = "UNKNOWN";
    else if (one !== undefined) this.#lookUp(one, isSettled && one.isSeen);
    if (one !== undefined) one.isSeen = true;
    for (const event of this.events.filter(({ state }) => state === "waiting")) this.#match(event);
  }

  #lookUp(one: ModelRequest, isSettled: boolean): void {
    const succeeded = this.requests.filter(({ status }) => status === "SUCCEEDED");
    const before = succeeded.reduce((sum, { request }) => sum + request.amount, 0);
    if (this.moved >= this.total) {
      if (this.captureTold && before + one.request.amount === this.total) one.status = "SUCCEEDED";
      return;
    }
    const isUnaccounted = this.events.some(({ state }) => state !== "matched");
    if (this.moved === 0 && before === 0 && isSettled && !isUnaccounted) {
      one.status = "FAILED";
      one.safeToRetry = one.wasSafeToRetry = true;
      one.wasFoundToHaveFailed = true;
    }
  }

  #match(event: ModelEvent): void {
    const { there, amount } = event;
    if (there.some(({ status }) => status === "PENDING")) return;
    const alike = there.filter(({ request }) => request.amount === amount);
    const possible = alike.filter((one) => one.status !== "FAILED" || one.wasFoundToHaveFailed);
    const meant = theOneMeant(possible);
    if (meant !== undefined) {
      event.state = "matched";
      meant.wasDecidedByEvent ||= isOpen(meant);
      meant.status = "SUCCEEDED";
      meant.isSettled = true;
      return;
    }
    const contradicted = there.findLast(
      (one) =>
        one.wasFoundToHaveFailed || (possible.length === 0 && one.status === "FAILED" && alike.includes(one)),
    );
    if (contradicted !== undefined) contradicted.safeToRetry = false;
    if (possible.length > 0 || there.some(isOpen) || contradicted !== undefined) event.state = "evidence";
  }
}

function isOpen({ status }: ModelRequest): boolean {
  return status === "PENDING" || status === "UNKNOWN";
}

/** Whom an event decides or settles: one in doubt that has no other like it, or the oldest that awaits it. */
function theOneMeant(possible: readonly ModelRequest[]): ModelRequest | undefined {
  const [first, ...more] = possible;
  if (possible.some(isOpen)) return more.length === 0 && first?.wasAskedAhead === false ? first : undefined;
  return possible.find((one) => one.status === "SUCCEEDED" && !one.isSettled);
}
