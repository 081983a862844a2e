import { afterEach, expect } from "@jest/globals";
import type { TestReplica } from "./service.js";

export interface StreamEvent {
  readonly event: string;
  readonly data: any;
}

export interface LiveStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next event, without comments; undefined when the stream has ended. */
  event(): Promise<StreamEvent | undefined>;
  /** The cancellation of the next event. Fails on an error and at the end. */
  change(): Promise<any>;
  /** The first of the next cancellations that this holds for: hints of earlier changes may come late. */
  changeWhere(holds: (cancellation: any) => boolean): Promise<any>;
  /** All events up to the end. */
  rest(): Promise<readonly StreamEvent[]>;
  /** The body of a refusal. */
  json(): Promise<any>;
  hangUp(): void;
}

export const CHANGED = `subscription ($storeId: ID, $orderNo: String, $ids: [ID!]) {
  cancellationChanged(storeId: $storeId, orderNo: $orderNo, ids: $ids) {
    id storeId orderNo status settlement resolvedBy events { to source }
  }
}`;

/** Follows changes, and hangs up after each test. */
export function useFollow(): (
  where: Pick<TestReplica, "url">,
  variables?: object,
  headers?: Record<string, string>,
) => Promise<LiveStream> {
  const streams: LiveStream[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.hangUp();
  });
  return async (where, variables, headers) => {
    const stream = await subscribe(where, variables, headers);
    streams.push(stream);
    expect(stream.status).toBe(200);
    return stream;
  };
}

/** Resolves when the service has begun to answer: from then on, it follows. */
export async function subscribe(
  { url }: Pick<TestReplica, "url">,
  variables: object = {},
  headers: Record<string, string> = {},
  query = CHANGED,
): Promise<LiveStream> {
  return post(url, JSON.stringify({ query, variables }), headers);
}

export async function post(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<LiveStream> {
  const control = new AbortController();
  const response = await fetch(`${url}/graphql/stream`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body,
    signal: control.signal,
  });
  const events = eventsOf(response);
  const self: LiveStream = {
    status: response.status,
    headers: response.headers,
    async event() {
      const { value } = await events.next();
      return value ?? undefined;
    },
    async change() {
      const next = await self.event();
      if (next?.event !== "next" || next.data.errors !== undefined)
        throw new Error(`expected a change, found ${JSON.stringify(next)}`);
      return next.data.data.cancellationChanged;
    },
    async changeWhere(holds) {
      for (;;) {
        const cancellation = await self.change();
        if (holds(cancellation)) return cancellation;
      }
    },
    async rest() {
      const all: StreamEvent[] = [];
      for (let next = await self.event(); next !== undefined; next = await self.event()) all.push(next);
      return all;
    },
    json: () => response.json(),
    hangUp: () => control.abort(),
  };
  return self;
}

async function* eventsOf({ body }: Response): AsyncGenerator<StreamEvent, undefined> {
  if (body === null) return undefined;
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const [, event, data] = /^event: ([^\n]*)\ndata:(.*)$/su.exec(text.slice(0, end)) ?? [];
      if (event !== undefined) yield { event, data: data === "" ? null : JSON.parse(data ?? "") };
      text = text.slice(end + 2);
    }
  }
  return undefined;
}
