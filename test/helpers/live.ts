import type { TestReplica } from "./service.js";

/** What is read of an event stream: an event with its data, or a comment as `null`. */
export type StreamEvent = { readonly event: string; readonly data: any } | null;

export interface LiveStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next event, comments left out; undefined when the stream has ended. */
  event(): Promise<{ readonly event: string; readonly data: any } | undefined>;
  /** The cancellation of the next event; fails on an error, and at the end. */
  change(): Promise<any>;
  /** The first from here on that this holds for: what came before somebody followed may be told of late. */
  changeWhere(holds: (cancellation: any) => boolean): Promise<any>;
  /** All that is left, to the end. */
  rest(): Promise<readonly { readonly event: string; readonly data: any }[]>;
  /** Of a refusal. */
  json(): Promise<any>;
  hangUp(): void;
}

export const CHANGED = `subscription ($storeId: String, $orderNo: String, $id: ID) {
  cancellationChanged(storeId: $storeId, orderNo: $orderNo, id: $id) {
    id storeId orderNo status settlement resolvedBy events { to source }
  }
}`;

/** Subscribes; resolves when the service has begun to answer, and so follows what is to come. */
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
      for (;;) {
        const { value, done } = await events.next();
        if (done === true) return undefined;
        if (value !== null) return value;
      }
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
      const all: { event: string; data: any }[] = [];
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
      yield toEvent(text.slice(0, end).split("\n"));
      text = text.slice(end + 2);
    }
  }
  return undefined;
}

function toEvent(lines: readonly string[]): StreamEvent {
  const fields = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }),
  );
  const event = fields.get("event");
  if (event === undefined) return null;
  const data = fields.get("data") ?? "";
  return { event, data: data === "" ? null : JSON.parse(data) };
}
