import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * Where a connection breaks around a statement: before it reaches the server, on its way to it, or when it has been executed and
 * the answer is on its way back.
 */
export type Cut = "before" | "during" | "after";

interface PlannedCut {
  readonly when: Cut;
  readonly mark: Buffer;
  readonly done: () => void;
}

export interface PgProxy {
  /** The same database, through the proxy. */
  readonly url: string;
  /** Cuts the next connection that carries a statement whose name begins so. Resolves when it is cut. */
  cut(when: Cut, name: string): Promise<void>;
  /** From now on connections are refused, and those there are cut. */
  down(): void;
  /** Takes connections again, to this port if the server has come back on another. */
  up(port?: number): void;
  /** From now on nothing gets through in either direction, and nothing breaks: a network that swallows. Returns what ends it. */
  swallow(): () => void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Stands between a service and PostgreSQL, and breaks what it is told to break. Bytes are passed on as they are. */
export async function startPgProxy(databaseUrl: string): Promise<PgProxy> {
  const pairs = new Set<Pair>();
  const plans: PlannedCut[] = [];
  let port = Number(new URL(databaseUrl).port || "5432");
  let isDown = false;
  let isSwallowing = false;

  const listener = createServer((client) => {
    client.on("error", () => undefined);
    if (isDown) return void client.resetAndDestroy();
    const server = connect(port, "127.0.0.1");
    const pair: Pair = { client, server };
    pairs.add(pair);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
    if (isSwallowing) pause(pair);
    let awaited: PlannedCut | undefined;
    client.on("data", (bytes) => {
      const found = plans.findIndex(({ mark }) => bytes.includes(mark));
      const [plan] = found === -1 ? [] : plans.splice(found, 1);
      if (plan?.when === "before") {
        cutNow(pair, plan);
        return;
      }
      server.write(bytes, () => {
        if (plan?.when === "during") cutNow(pair, plan);
      });
      if (plan?.when === "after") awaited = plan;
    });
    server.on("data", (bytes) => {
      if (awaited === undefined) client.write(bytes);
      else if (endsReadyForQuery(bytes)) cutNow(pair, awaited);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));

  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cut: (when, name) =>
      new Promise((resolve) => plans.push({ when, mark: Buffer.from(name), done: resolve })),
    down() {
      isDown = true;
      for (const pair of [...pairs]) reset(pair);
    },
    up(newPort = port) {
      port = newPort;
      isDown = false;
    },
    swallow() {
      isSwallowing = true;
      for (const pair of pairs) pause(pair);
      return () => {
        isSwallowing = false;
        for (const { client, server } of pairs) for (const socket of [client, server]) socket.resume();
      };
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const pair of [...pairs]) reset(pair);
      }),
  };
}

function pause({ client, server }: Pair): void {
  for (const socket of [client, server]) socket.pause();
}

function cutNow(pair: Pair, { done }: PlannedCut): void {
  reset(pair);
  done();
}

function reset({ client, server }: Pair): void {
  for (const socket of [client, server]) socket.resetAndDestroy();
}

/** The last message of an answer: Z, a length of 5, the state of the transaction. */
function endsReadyForQuery(bytes: Buffer): boolean {
  const last = bytes.subarray(-6);
  return last.length === 6 && last[0] === 0x5a && last.readUInt32BE(1) === 5;
}
