import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface LagProxy {
  readonly port: number;
  /** Where it leads from now on. */
  to(port: number): void;
  /** What is on its way is lost, and nothing comes through any more. */
  cut(): void;
  close(): Promise<void>;
}

/** Passes on what the server sends so many milliseconds late: a standby behind it lags by as much. */
export async function startLagProxy(lagMs: number): Promise<LagProxy> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let target = 0;
  let isCut = false;
  const listener = createServer((client) => {
    if (isCut) return void client.resetAndDestroy();
    const server = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(server);
    server.on("data", (bytes) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        client.write(bytes);
      }, lagMs);
      timers.add(timer);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    isCut = true;
    for (const timer of timers) clearTimeout(timer);
    for (const socket of [...sockets]) socket.resetAndDestroy();
  };
  return {
    port: (listener.address() as AddressInfo).port,
    to: (port) => (target = port),
    cut,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      }),
  };
}
