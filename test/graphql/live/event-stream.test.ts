import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { GraphQLError, type ExecutionResult } from "graphql";
import { MissedChangesError } from "../../../src/cancellation/model/errors.js";
import { toEventStream } from "../../../src/graphql/live/event-stream.js";

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
    tell: (errors) => errors.map(({ message }) => ({ message: `told: ${message}` })),
    onEnd: () => (ends += 1),
  });
}

async function all(stream: AsyncGenerator<string>): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of stream) texts.push(text);
  return texts;
}

/** Gives these, then waits for ever. */
async function* results(...given: readonly ExecutionResult[]): AsyncGenerator<ExecutionResult> {
  yield* given;
  await new Promise(() => undefined);
}

describe("a stream", () => {
  test("tells each result on a line of its own, and completes when there are no more", async () => {
    async function* two(): AsyncGenerator<ExecutionResult> {
      yield { data: { reason: "two\nlines\r\n\r\nevent: complete" } };
      yield await Promise.resolve({ errors: [new GraphQLError("no")], data: null });
    }
    expect(await all(streamOf(two()))).toEqual([
      BEGINNING,
      `event: next\ndata: {"data":{"reason":"two\\nlines\\r\\n\\r\\nevent: complete"}}\n\n`,
      `event: next\ndata: {"errors":[{"message":"told: no"}],"data":null}\n\n`,
      COMPLETE,
    ]);
    expect(ends).toBe(1);
  });

  test("that is ended with a reason tells it, and completes", async () => {
    const told = all(streamOf(results()));
    ending.abort(new GraphQLError("why"));
    expect(await told).toEqual([
      BEGINNING,
      `event: next\ndata: {"errors":[{"message":"told: why"}]}\n\n${COMPLETE}`,
    ]);
  });

  test("that is ended without one says nothing more", async () => {
    const told = all(streamOf(results({ data: { n: 1 } })));
    setImmediate(() => ending.abort());
    expect(await told).toEqual([BEGINNING, `event: next\ndata: {"data":{"n":1}}\n\n`]);
    expect(ends).toBe(1);
  });

  test("whose reader cannot be told everything says so, and completes", async () => {
    async function* missing(): AsyncGenerator<ExecutionResult> {
      yield await Promise.reject<ExecutionResult>(new MissedChangesError());
    }
    const told = (await all(streamOf(missing()))).join("");
    expect(told).toContain("told: More has changed than could be told here.");
    expect(told.endsWith(COMPLETE)).toBe(true);
  });

  test("makes nothing more while its reader does not take what there is", async () => {
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

  test("shows a sign of life while there is nothing to tell", async () => {
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
