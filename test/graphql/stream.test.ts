import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import Fastify from "fastify";
import { GraphQLError, type ExecutionResult } from "graphql";
import type { PointsTaken } from "../../src/cancellation/model/caller.js";
import { MissedChangesError } from "../../src/cancellation/model/errors.js";
import { keepStreams, toEventStream, waitForPoints } from "../../src/graphql/stream.js";
import { until } from "../helpers/gate.js";

const BEGINNING = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

let ending: AbortController;
let ends: number;
beforeEach(() => {
  ending = new AbortController();
  ends = 0;
});

function streamOf(results: AsyncIterator<ExecutionResult>): AsyncGenerator<string, void> {
  return toEventStream(results, {
    signal: ending.signal,
    formatErrors: (errors) => errors.map(({ message }) => ({ message: `shown: ${message}` })),
    onEnd: () => (ends += 1),
  });
}

async function all(stream: AsyncGenerator<string>): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of stream) texts.push(text);
  return texts;
}

/** Gives these, then waits forever. */
async function* results(...given: readonly ExecutionResult[]): AsyncGenerator<ExecutionResult> {
  yield* given;
  await new Promise(() => undefined);
}

describe("a stream", () => {
  test("sends each result on a line of its own, and completes after the last", async () => {
    async function* two(): AsyncGenerator<ExecutionResult> {
      yield { data: { reason: "two\nlines\r\n\r\nevent: complete" } };
      yield await Promise.resolve({ errors: [new GraphQLError("no")], data: null });
    }
    expect(await all(streamOf(two()))).toEqual([
      BEGINNING,
      `event: next\ndata: {"data":{"reason":"two\\nlines\\r\\n\\r\\nevent: complete"}}\n\n`,
      `event: next\ndata: {"errors":[{"message":"shown: no"}],"data":null}\n\n`,
      COMPLETE,
    ]);
    expect(ends).toBe(1);
  });

  test("that is ended with a GraphQL error sends it, and completes", async () => {
    const sent = all(streamOf(results()));
    ending.abort(new GraphQLError("why"));
    expect(await sent).toEqual([
      BEGINNING,
      `event: next\ndata: {"errors":[{"message":"shown: why"}]}\n\n${COMPLETE}`,
    ]);
  });

  test("that is ended without a reason sends nothing more", async () => {
    const sent = all(streamOf(results({ data: { n: 1 } })));
    setImmediate(() => ending.abort());
    expect(await sent).toEqual([BEGINNING, `event: next\ndata: {"data":{"n":1}}\n\n`]);
    expect(ends).toBe(1);
  });

  test("that has missed changes says so, and completes", async () => {
    async function* missing(): AsyncGenerator<ExecutionResult> {
      yield await Promise.reject<ExecutionResult>(new MissedChangesError());
    }
    const sent = (await all(streamOf(missing()))).join("");
    expect(sent).toContain("shown: More has changed than this stream can send.");
    expect(sent.endsWith(COMPLETE)).toBe(true);
  });

  test("makes no further result while its reader has not taken the last one", async () => {
    let made = 0;
    async function* endless(): AsyncGenerator<ExecutionResult> {
      for (;;) yield await Promise.resolve({ data: { n: (made += 1) } });
    }
    const stream = streamOf(endless());
    await stream.next();
    await stream.next();
    await new Promise(setImmediate);
    expect(made).toBe(1);
    await stream.return();
    expect(ends).toBe(1);
  });

  test("sends heartbeats while there is no result", async () => {
    jest.useFakeTimers();
    const stream = streamOf(results());
    expect((await stream.next()).value).toBe(BEGINNING);
    for (let count = 0; count < 3; count += 1) {
      const next = stream.next();
      await jest.advanceTimersByTimeAsync(12_000);
      expect((await next).value).toBe(":\n\n");
    }
    const last = stream.next();
    ending.abort();
    expect((await last).done).toBe(true);
    jest.useRealTimers();
  });
});

test("a caller who hangs up ends its own stream; a stop ends the others, and cuts off readers that do not read on", async () => {
  const app = Fastify({ forceCloseConnections: "idle" });
  const endingOf = keepStreams(app);
  const signals: AbortSignal[] = [];
  app.get("/", (_request, reply) => {
    signals.push(endingOf(reply).signal);
    return reply.send(
      // It never ends by itself.
      new Readable({
        read() {
          this.push(Buffer.alloc(65_536));
        },
      }),
    );
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const readers = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await once(socket, "readable");
      return socket;
    }),
  );
  readers[0]?.destroy();
  await until(() => signals.some(({ aborted }) => aborted));
  expect(signals.filter(({ aborted }) => aborted)).toHaveLength(1);

  await app.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  for (const reader of readers) reader.destroy();
});

describe("an event", () => {
  /** Refuses so often, then allows, and counts how often it was asked. */
  function refusing(times: number, onRefused = (): void => undefined) {
    const asked = { count: 0 };
    const take = (): Promise<PointsTaken> => {
      asked.count += 1;
      if (asked.count > times) return Promise.resolve({ allowed: true });
      onRefused();
      return Promise.resolve({ allowed: false, retryAfterSeconds: 0 });
    };
    return { take, asked };
  }

  test.each([0, 3])("waits while its caller's minute is used up (%i times)", async (times) => {
    const { take, asked } = refusing(times);
    expect(await waitForPoints(take, ending.signal)).toBe(true);
    expect(asked.count).toBe(times + 1);
  });

  test("is not read when its stream ends while it waits, and not charged after that", async () => {
    const { take, asked } = refusing(Infinity, () => {
      if (asked.count === 2) ending.abort();
    });
    expect(await waitForPoints(take, ending.signal)).toBe(false);
    expect(await waitForPoints(take, ending.signal)).toBe(false);
    expect(asked.count).toBe(2);
  });
});
