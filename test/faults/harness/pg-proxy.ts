import { endsReadyForQuery, reset, startRelay, type Pair } from "../../helpers/relay.js";

/**
 * Where a connection breaks around a statement: before it reaches the server, on its way to it, or when it has been executed and
 * the answer is on its way back.
 */
export type Cut = "before" | "during" | "after";

interface Plan {
  readonly when: Cut | "never";
  readonly mark: Buffer;
  readonly fewestRows: number;
  readonly done: (rows: number) => void;
}

/** Stands once in each row that a statement writes together with others. */
const ROW = Buffer.from('"order_no":');

export interface PgProxy {
  /** The same database, through the proxy. */
  readonly url: string;
  /**
   * Cuts the next connection that carries a statement whose name begins so, perhaps one of at least so many rows. Resolves when it is
   * cut, with the number of rows.
   */
  cut(when: Cut, name: string, fewestRows?: number): Promise<number>;
  /** Resolves when a statement has passed that has this in it, and at least so many rows; with the number of rows. */
  sees(text: string, fewestRows: number): Promise<number>;
  /** Cuts the connection that has this port on the server's side. */
  cutPort(port: number): void;
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
  const plans: Plan[] = [];
  let isSwallowing = false;
  const relay = await startRelay(databaseUrl, (pair) => {
    const { client, server } = pair;
    if (isSwallowing) pause(pair);
    let asked = Buffer.alloc(0);
    let rows = 0;
    let awaited: Plan | undefined;
    client.on("data", (bytes) => {
      asked = Buffer.concat([asked, bytes]);
      rows = count(asked, ROW);
      const found = plans.findIndex(({ mark, fewestRows }) => rows >= fewestRows && asked.includes(mark));
      const [plan] = found === -1 ? [] : plans.splice(found, 1);
      if (plan?.when === "never") plan.done(rows);
      if (plan?.when === "before") {
        cutNow(pair, plan, rows);
        return;
      }
      server.write(bytes, () => {
        if (plan?.when === "during") cutNow(pair, plan, rows);
      });
      if (plan?.when === "after") awaited = plan;
    });
    server.on("data", (bytes) => {
      const isAnswered = endsReadyForQuery(bytes);
      if (awaited === undefined) client.write(bytes);
      else if (isAnswered) cutNow(pair, awaited, rows);
      if (isAnswered) asked = Buffer.alloc(0);
    });
  });
  let port = Number(new URL(databaseUrl).port || "5432");
  return {
    url: relay.url,
    cut: (when, name, fewestRows = 0) =>
      new Promise((done) => plans.push({ when, mark: Buffer.from(name), fewestRows, done })),
    sees: (text, fewestRows) =>
      new Promise((done) => plans.push({ when: "never", mark: Buffer.from(text), fewestRows, done })),
    cutPort(port) {
      for (const pair of relay.pairs) if (pair.server.localPort === port) reset(pair);
    },
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

function cutNow(pair: Pair, { done }: Plan, rows: number): void {
  reset(pair);
  done(rows);
}

function count(bytes: Buffer, mark: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) found += 1;
  return found;
}
