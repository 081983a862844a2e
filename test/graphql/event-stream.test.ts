import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { GraphQLError, type ExecutionResult } from "graphql";
import { MissedChangesError } from "../../src/cancellation/model/errors.js";
import { toEventStream } from "../../src/graphql/event-stream.js";

const BEGINNING = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

let ending: AbortController;
let ends: number;
beforeEach(() => {
  ending = new AbortController();
  ends = 0;
});
afterEach(() => {
  jest.useRealTimers();
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
  });
});
