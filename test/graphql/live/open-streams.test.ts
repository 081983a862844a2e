import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "@jest/globals";
import Fastify, { type FastifyInstance } from "fastify";
import { openStreams } from "../../../src/graphql/live/open-streams.js";
import { until } from "../../helpers/gate.js";

interface Served {
  readonly app: FastifyInstance;
  /** Of each request, what ends its stream. */
  readonly signals: AbortSignal[];
  readonly ask: () => Promise<Socket>;
}

/** Streams that never end by themselves. */
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

test("a caller who hangs up ends its own stream, and no other", async () => {
  const { app, signals, ask } = await serve();
  const [one, other] = [await ask(), await ask()];
  one.destroy();
  await until(() => signals[0]?.aborted === true);
  expect(signals[1]?.aborted).toBe(false);
  other.destroy();
  await app.close();
});

test("a stop ends all streams, and cuts off who does not read on", async () => {
  const { app, signals, ask } = await serve();
  const readers = [await ask(), await ask()];
  await app.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  for (const reader of readers) reader.destroy();
});
