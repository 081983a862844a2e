import type { Dice } from "./size.js";

/** One request to cancel, told apart from all others by its key and by its one item, on an order of its own. */
export interface Request {
  readonly key: string;
  readonly orderNo: string;
  readonly itemId: string;
  readonly amount: number;
}

/** What the API has told a caller about a request. */
export interface Told {
  readonly key: string;
  readonly id: string;
  readonly status: "PENDING" | "SUCCEEDED" | "FAILED" | "UNKNOWN";
  readonly safeToRetry: boolean;
}

/** What came of one call: what was told of the cancellation, or the codes of the errors without one; null when no answer came. */
export type Answer =
  | { readonly told: Told; readonly codes: string[] }
  | { readonly told: null; readonly codes: string[] }
  | null;

const CANCEL = `mutation ($input: CancelPaymentInput!) {
  cancelPayment(input: $input) { cancellation { id status safeToRetry } userErrors { code } }
}`;
const PATIENCE_MS = 120_000;

let generations = 0;

/** The callers of a service, and what they have been told. */
export class Callers {
  readonly requests: Request[] = [];
  readonly told: Told[] = [];
  readonly #run: string;

  constructor(dice: Dice) {
    generations += 1;
    this.#run = `${dice.below(36 ** 4).toString(36)}-${generations}`;
  }

  /** A request that nobody has made before; `orderNo` begins with the prefix. */
  request({ prefix = "ORD", orderNo, amount = 1000 }: Partial<Request> & { prefix?: string } = {}): Request {
    const name = `${this.#run}-${this.requests.length + 1}`;
    const request = {
      key: `key-${name}`,
      orderNo: orderNo ?? `${prefix}-${name}`,
      itemId: `item-${name}`,
      amount,
    };
    this.requests.push(request);
    return request;
  }

  /** Calls once. */
  async cancel(url: string, request: Request): Promise<Answer> {
    const { key } = request;
    const payload = (await send(url, request))?.data?.cancelPayment;
    if (payload === undefined || payload === null) return null;
    const codes: string[] = payload.userErrors.map(({ code }: { code: string }) => code);
    if (payload.cancellation === null) return { told: null, codes };
    const told: Told = { key, ...payload.cancellation };
    this.told.push(told);
    return { told, codes };
  }

  /** Calls again, with the same key, until an answer comes. `urls` says where, each time anew. */
  async insist(url: () => string, request: Request): Promise<Exclude<Answer, null>> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.cancel(url(), request);
      if (answer !== null) return answer;
      if (performance.now() > giveUpAt) throw new Error(`${request.key}: no answer in ${PATIENCE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }
}

/** The code of the error that a call ends with; undefined when it ends without. */
export async function refusal(url: string, request: Request): Promise<string | undefined> {
  return (await send(url, request))?.errors?.[0]?.extensions.code;
}

function send(url: string, { key, orderNo, itemId, amount }: Request): Promise<any> {
  const input = {
    idempotencyKey: key,
    orderNo,
    totalCancelAmount: String(amount),
    items: [{ seq: 1, itemType: "PHYSICAL", itemId, quantity: 1, amount: String(amount) }],
  };
  return graphql(url, CANCEL, { input });
}

/** As long as a patient client waits at least between two tries. */
const RETRY_PAUSE_MS = 50;

/** Null when the connection broke, or what came is no answer. */
export async function graphql(url: string, query: string, variables: object): Promise<any> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return await response.json();
  } catch {
    return null;
  }
}
