import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** One connection through a relay, and the relay's own to the server. */
export interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export interface Relay {
  /** The same database, through the relay. */
  readonly url: string;
  readonly port: number;
  readonly pairs: ReadonlySet<Pair>;
  /** Leads to this port from now on; null: connections are refused, and those there are cut. */
  leadTo(port: number | null): void;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** A way to PostgreSQL on which a test sees, keeps or breaks what goes over it. @param join connects both sides; it pipes what it does not hold up. */
export async function startRelay(databaseUrl: string, join: (pair: Pair) => void): Promise<Relay> {
  const target = new URL(databaseUrl);
  let port: number | null = Number(target.port || "5432");
  const pairs = new Set<Pair>();
  const listener = createServer((client) => {
    client.on("error", () => undefined);
    if (port === null) return void client.resetAndDestroy();
    const pair = { client, server: connect(port, target.hostname) };
    pairs.add(pair);
    pair.server.on("error", () => undefined).on("close", () => client.destroy());
    client.on("close", () => {
      pairs.delete(pair);
      pair.server.destroy();
    });
    join(pair);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const cut = (): void => pairs.forEach(reset);
  return {
    url: url.href,
    port: Number(url.port),
    pairs,
    leadTo(newPort) {
      port = newPort;
      if (newPort === null) cut();
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      }),
  };
}

export function reset({ client, server }: Pair): void {
  for (const socket of [client, server]) socket.resetAndDestroy();
}

/** Passes everything on, both ways. */
export function pipe({ client, server }: Pair): void {
  client.pipe(server);
  server.pipe(client);
}

/** Whether PostgreSQL has ended an answer. Its last message: Z, a length of 5, the state of the transaction. */
export function endsReadyForQuery(bytes: Buffer): boolean {
  const last = bytes.subarray(-6);
  return last.length === 6 && last[0] === 0x5a && last.readUInt32BE(1) === 5;
}
