import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { SimulatedCancel } from "./simulated-cancel.js";
import type { SimulatedStore } from "./simulated-store.js";
import { SimulatorInProductionError } from "./errors.js";
import { MemoryLedger, type Ledger } from "./ledger.js";
import { Numbering } from "./numbering.js";
import { createHandler } from "./handler.js";

/** Longer than a person's patience, shorter than the default time-out of the client. */
const DEFAULT_SLOW_MS = 3_000;

export interface SimulatorOptions {
  readonly stores: readonly SimulatedStore[];
  /** 0, the default, takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** How late an order number of the form SIM-SLOW… is answered, in milliseconds. */
  readonly slowMs?: number;
  /** Called when a cancel has been decided (and performed, if it is to be), and awaited before anything is answered. */
  readonly beforeAnswer?: (cancel: SimulatedCancel) => Promise<void>;
  /** One line per request; never a body. */
  readonly log?: (line: string) => void;
  readonly now?: () => Date;
  /** NODE_ENV as the caller read it. The simulator refuses to start in production. */
  readonly environment?: string | undefined;
}

export interface Simulator {
  readonly url: string;
  readonly ledger: Ledger;
  /** Also cuts the connections that are never to be answered. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for EBP's Cancel Payment over HTTP. It checks headers, signature, schema and the amount rule, keeps
 * a ledger of every request and every effect (also served at `GET /ledger?orderNo=`), and lets order numbers force
 * behaviour (see FORCED_BEHAVIOURS).
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  if (options.environment === "production") throw new SimulatorInProductionError();
  const ledger = new MemoryLedger();
  const closing = new AbortController();
  const server = createServer(
    createHandler({
      stores: new Map(options.stores.map((store) => [store.storeId, store])),
      ledger,
      numbering: new Numbering(options.now ?? (() => new Date())),
      slowMs: options.slowMs ?? DEFAULT_SLOW_MS,
      beforeAnswer: options.beforeAnswer ?? (() => Promise.resolve()),
      log: options.log ?? (() => undefined),
      closing: closing.signal,
    }),
  );
  const { port, address, family } = await listen(server, options.port ?? 0, options.host ?? "127.0.0.1");
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    ledger,
    close: () => {
      closing.abort();
      return close(server);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
