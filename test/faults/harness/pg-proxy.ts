import { endsReadyForQuery, reset, startRelay, type Pair } from "../../helpers/relay.js";

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

/** Stands between a service and PostgreSQL, and breaks what it is told to break. Bytes are passed on as they are. */
export async function startPgProxy(databaseUrl: string): Promise<PgProxy> {
  const plans: PlannedCut[] = [];
  let isSwallowing = false;
  const relay = await startRelay(databaseUrl, (pair) => {
    const { client, server } = pair;
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
  let port = Number(new URL(databaseUrl).port || "5432");
  return {
    url: relay.url,
    cut: (when, name) =>
      new Promise((resolve) => plans.push({ when, mark: Buffer.from(name), done: resolve })),
    down: () => relay.leadTo(null),
    up(newPort = port) {
      port = newPort;
      relay.leadTo(port);
    },
    swallow() {
      isSwallowing = true;
      relay.pairs.forEach(pause);
      return () => {
        isSwallowing = false;
        for (const { client, server } of relay.pairs) for (const socket of [client, server]) socket.resume();
      };
    },
    close: () => relay.close(),
  };
}

function pause({ client, server }: Pair): void {
  for (const socket of [client, server]) socket.pause();
}

function cutNow(pair: Pair, { done }: PlannedCut): void {
  reset(pair);
  done();
}
