import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import Fastify, { type FastifyInstance } from "fastify";
import type { PointsTaken } from "../../src/cancellation/model/caller.js";
import { openStreams } from "../../src/graphql/stream.js";
import { waitForPoints } from "../../src/graphql/subscription.js";
import { until } from "../helpers/gate.js";

describe("open streams", () => {
  interface Served {
    readonly app: FastifyInstance;
    /** For each request, the signal that ends its stream. */
    readonly signals: AbortSignal[];
    readonly ask: () => Promise<Socket>;
  }

  /** A server whose streams never end by themselves. */
  async function serve(): Promise<Served> {
    const app = Fastify({ forceCloseConnections: "idle" });
    const streams = openStreams(app);
    const signals: AbortSignal[] = [];
    app.get("/", (_request, reply) => {
      signals.push(streams.add(reply).signal);
      return reply.send(
        new Readable({
          read() {
            this.push(Buffer.alloc(65_536));
          },
        }),
      );
    });
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    return {
      app,
      signals,
      async ask() {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => undefined);
        socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await once(socket, "readable");
        return socket;
      },
    };
  }

  test("a caller who hangs up ends its own stream and no other", async () => {
    const { app, signals, ask } = await serve();
    const [one, other] = [await ask(), await ask()];
    one.destroy();
    await until(() => signals[0]?.aborted === true);
    expect(signals[1]?.aborted).toBe(false);
    other.destroy();
    await app.close();
  });

  test("a stop ends all streams, and cuts off readers that do not read on", async () => {
    const { app, signals, ask } = await serve();
    const readers = [await ask(), await ask()];
    await app.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    for (const reader of readers) reader.destroy();
  });
});

describe("an event", () => {
  /** Refuses so often, then allows, and records what it was asked for. */
  function refusing(
    times: number,
    onRefused = (): void => undefined,
  ): { take: (points: number) => Promise<PointsTaken>; taken: number[] } {
    const taken: number[] = [];
    return {
      taken,
      take: (points) => {
        taken.push(points);
        if (taken.length > times) return Promise.resolve({ allowed: true });
        onRefused();
        return Promise.resolve({ allowed: false, retryAfterSeconds: 0 });
      },
    };
  }

  test("is charged once, as much as its operation costs", async () => {
    const { take, taken } = refusing(0);
    expect(await waitForPoints(take, 7, new AbortController().signal)).toBe(true);
    expect(taken).toEqual([7]);
  });

  test("waits while its caller's minute is used up", async () => {
    const { take, taken } = refusing(3);
    expect(await waitForPoints(take, 7, new AbortController().signal)).toBe(true);
    expect(taken).toEqual([7, 7, 7, 7]);
  });

  test("is not read when its stream ends while it waits, and not charged after that", async () => {
    const ending = new AbortController();
    const { take, taken } = refusing(Infinity, () => {
      if (taken.length === 2) ending.abort();
    });
    expect(await waitForPoints(take, 7, ending.signal)).toBe(false);
    expect(await waitForPoints(take, 7, ending.signal)).toBe(false);
    expect(taken).toHaveLength(2);
  });
});
