import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to PostgreSQL on which everything that is sent there is kept. */
export interface Tap {
  readonly url: string;
  /** All bytes that went to the server. */
  sent(): Buffer;
  /** From now on connections are refused, and those there are cut. */
  down(): void;
  up(): void;
  close(): Promise<void>;
}

export async function startTap(databaseUrl: string): Promise<Tap> {
  const sent: Buffer[] = [];
  const sockets = new Set<Socket>();
  let isDown = false;
  const listener = createServer((client) => {
    client.on("error", () => undefined);
    if (isDown) return void client.resetAndDestroy();
    const server = connect(Number(new URL(databaseUrl).port || "5432"), new URL(databaseUrl).hostname);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
    }
    client.on("data", (bytes) => sent.push(bytes));
    client.pipe(server);
    server.pipe(client);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: url.href,
    sent: () => Buffer.concat(sent),
    down() {
      isDown = true;
      cut();
    },
    up() {
      isDown = false;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      }),
  };
}
