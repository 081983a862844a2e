import type { Request, Told } from "./requests.js";

/** What the service should believe of one request, and what is true of it. */
export interface ModelRequest {
  readonly request: Request;
  id: string;
  status: Told["status"];
  safeToRetry: boolean;
  /** Whether its money has moved, or will once EBP gets to it. */
  truth: "moved" | "late" | "not";
  /** EBP's webhook has told of it, and has not been matched. */
  refundWaits: boolean;
}

/** The reference: one order, its payment at EBP, and what was asked for. */
export class Model {
  readonly requests: ModelRequest[] = [];
  /** What EBP has cancelled of it. */
  moved = 0;
  /** Its webhook has told how much there is. */
  captureTold = false;

  constructor(readonly total: number) {}

  get open(): ModelRequest | undefined {
    return this.requests.find(({ status }) => status === "PENDING" || status === "UNKNOWN");
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

  /** What one run of the reconciler should lead to, when everything is due. */
  reconcile(isSettled: boolean): void {
    const one = this.open;
    if (one !== undefined) {
      if (one.status === "PENDING") one.status = "UNKNOWN";
      else this.#lookUp(one, isSettled);
    }
    for (const waiting of this.requests.filter(({ refundWaits }) => refundWaits)) this.#match(waiting);
  }

  #lookUp(one: ModelRequest, isSettled: boolean): void {
    const succeeded = this.requests.filter(({ status }) => status === "SUCCEEDED");
    const before = succeeded.reduce((sum, { request }) => sum + request.amount, 0);
    if (this.moved >= this.total) {
      if (this.captureTold && before + one.request.amount === this.total) one.status = "SUCCEEDED";
    } else if (this.moved === 0 && before === 0 && isSettled) {
      one.status = "FAILED";
      one.safeToRetry = true;
    }
  }

  /** Amounts differ, so it fits one. */
  #match(one: ModelRequest): void {
    if (one.status === "PENDING") return;
    one.refundWaits = false;
    one.status = "SUCCEEDED";
  }
}
