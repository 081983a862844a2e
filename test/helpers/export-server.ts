import { Decimal } from "../../src/cancellation/model/decimal.js";
import { afterEach, beforeEach } from "@jest/globals";
import { get, type ClientRequest, type IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { createCursors } from "../../src/cancellation/history/cursors.js";
import type { ExportedCancellation, OpenExport } from "../../src/cancellation/history/history.js";
import { addExports, type ExportsParts } from "../../src/http/exports/exports.js";
import type { ExportLimits } from "../../src/http/exports/export-limits.js";
import { createHttpServer } from "../../src/http/server.js";
import { createGate, until, type Gate } from "./gate.js";

export const EXPORT_PATH = "/exports/cancellations.csv";
const ROWS_AT_ONCE = 50;
/** Far more than fits into what lies between the database and a client that does not read. */
export const MANY = 2_000_000;
export const FOR_EVER: ExportLimits = {
  pace: { bytes: 1, withinMs: 60_000 },
  lastsMs: 60_000,
  graceMs: 60_000,
};

/** A server that has exports and nothing else, for each test a new one; how many rows there are, and when they come, is for the test to say. */
export interface ExportServer {
  readonly url: string;
  readonly open: OpenExport;
  /** Held closed while a test wants the database to be slow. */
  readonly gate: Gate;
  /** How many rows are still to be read. */
  left: number;
  /** Whether an export gets no more than its first rows, and goes on until its client is gone. */
  stalls: boolean;
  /** From so many rows on, reading fails. */
  failsAfter: number;
  readonly read: number;
  readonly opened: number;
  readonly closed: number;
  readonly ended: readonly [result: string, rows: number][];
  /** Another one, with other parts. */
  start(changes?: Partial<ExportsParts>): Promise<void>;
  stop(): Promise<void>;
  download(caller: string, stores?: string): Promise<Response>;
  /** One that has begun, and reads nothing until it is told to. */
  begin(caller?: string, stores?: string): Promise<IncomingMessage>;
  ask(caller: string, stores?: string): ClientRequest;
}

export function useExportServer(): ExportServer {
  let app: FastifyInstance | undefined;
  const asked: ClientRequest[] = [];
  const headersOf = (caller: string, stores = "SIM-KR"): Record<string, string> => ({
    "x-caller": caller,
    "x-stores": stores,
  });
  const self = {
    url: "",
    gate: createGate(),
    left: 0,
    stalls: false,
    failsAfter: Infinity,
    read: 0,
    opened: 0,
    closed: 0,
    ended: [] as [string, number][],
    open: (_request: unknown, signal?: AbortSignal) => {
      self.opened += 1;
      let [isClosed, isBegun] = [false, false];
      let tellClosed = (): void => undefined;
      const closing = new Promise<void>((resolve) => (tellClosed = resolve));
      const running = {
        async read(take: (one: ExportedCancellation) => void) {
          await self.gate.pass();
          if (isBegun && self.stalls) await closing;
          isBegun = true;
          if (isClosed || self.read >= self.failsAfter) throw new Error("the connection is gone");
          const count = Math.min(ROWS_AT_ONCE, self.left);
          for (let n = 0; n < count; n += 1) take(exported);
          [self.left, self.read] = [self.left - count, self.read + count];
          return count;
        },
        close() {
          if (!isClosed) self.closed += 1;
          isClosed = true;
          tellClosed();
          return Promise.resolve();
        },
      };
      signal?.addEventListener("abort", () => void running.close());
      return Promise.resolve(running);
    },
    async start(changes: Partial<ExportsParts> = {}) {
      await app?.close();
      app = createHttpServer({ logLevel: "silent" });
      addExports(app, {
        open: self.open,
        stores: new Map(),
        cursors: createCursors([Buffer.alloc(32, 1)]),
        admission: {
          hooks: {},
          callerOf: ({ headers }) => ({
            subject: String(headers["x-caller"]),
            scopes: ["cancellations:read"],
            storeIds: String(headers["x-stores"]).split(","),
          }),
          watchToken: () => () => undefined,
        },
        isSaturated: () => false,
        charge: () => Promise.resolve({ allowed: true }),
        onShed: () => undefined,
        onLimited: () => undefined,
        onEnded: (result, rows) => self.ended.push([result, rows]),
        limits: FOR_EVER,
        ...changes,
      });
      self.url = await app.listen({ port: 0, host: "127.0.0.1" });
    },
    async stop() {
      await app?.close();
    },
    download: (caller: string, stores?: string) =>
      fetch(self.url + EXPORT_PATH, { headers: headersOf(caller, stores) }),
    begin: (caller = "slow", stores?: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        self.ask(caller, stores).on("response", resolve).on("error", reject);
      }),
    ask(caller: string, stores?: string) {
      const request = get(self.url + EXPORT_PATH, { headers: headersOf(caller, stores), agent: false });
      asked.push(request);
      return request;
    },
  };

  beforeEach(async () => {
    Object.assign(self, {
      read: 0,
      opened: 0,
      closed: 0,
      left: 0,
      stalls: false,
      failsAfter: Infinity,
      ended: [],
    });
    self.gate = createGate();
    await self.start();
  });
  afterEach(async () => {
    for (const request of asked.splice(0)) request.destroy();
    self.gate.open();
    self.left = 0;
    await self.stop();
    await until(() => self.closed === self.opened);
  });
  return self;
}

export async function extensionsOf(answer: Response): Promise<any> {
  const { errors }: any = await answer.json();
  return errors[0].extensions;
}

/** Whether the answer ended as HTTP says that it does. */
export function isWhole(answer: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    answer.on("close", () => resolve(answer.complete)).on("error", () => undefined);
    answer.resume();
  });
}

/** A cancellation as an export reads it. */
export const exported: ExportedCancellation = {
  cancellation: {
    id: "01a20241-82ea-7279-8944-e96e9036c6e3",
    storeId: "SIM-KR",
    idempotencyKey: "key-1",
    status: "FAILED",
    safeToRetry: false,
    settlement: null,
    refundedAt: null,
    resolvedBy: "RESPONSE",
    currencyCode: "KRW",
    amountBasis: "unit",
    orderNo: "ORD-1",
    totalCancelAmount: new Decimal("106000"),
    totalTaxAmount: new Decimal(0),
    refundAccount: null,
    reason: "Customer changed their mind",
    note: null,
    requestedBy: "front-end",
    returnRequestId: null,
    processedCount: null,
    totalProductAmount: null,
    totalProductTaxAmount: null,
    totalDeliveryAmount: null,
    totalDeliveryTaxAmount: null,
    requestId: "REQ-1",
    failureKind: "REJECTED",
    failure: {
      cause: "REJECTED",
      resultCode: "EBP-C-0010",
      ebpMessage: "The payment cannot be cancelled.",
      details: [],
    },
    discrepancies: [],
    inDoubtSince: null,
    lookups: 0,
    nextCheckAt: null,
    fencingToken: 1,
    answeredAt: null,
    createdAt: new Date(0),
    sentAt: new Date(1),
    resolvedAt: new Date(2),
    erasedAt: null,
  },
  items: [],
};
