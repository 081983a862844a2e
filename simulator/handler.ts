import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { DETAIL_PATH } from "../src/ebp/ebp-request.js";
import { sendReply } from "./answers.js";
import { orderNoOf, parseBody, type SimulatedCancel } from "./cancel-body.js";
import { headerOf, judge, sha256, type JudgeDependencies } from "./judge.js";
import { ledgerJson, type MemoryLedger } from "./ledger.js";

/** The service puts the same limit on EBP's answers. */
const MAX_BODY_BYTES = 1024 * 1024;
const SECRET_HEADERS: readonly string[] = ["x-access-key", "x-ebp-signature"];

export interface HandlerDependencies extends JudgeDependencies {
  readonly ledger: MemoryLedger;
  readonly beforeAnswer: (cancel: SimulatedCancel) => Promise<void>;
  readonly beforeLookupAnswer: (orderNo: string) => Promise<void>;
  readonly log: (line: string) => void;
  /** Aborted when the simulator closes: slow answers stop waiting. */
  readonly closing: AbortSignal;
}

export function createHandler(dependencies: HandlerDependencies): RequestListener {
  return (request, response) => {
    handle(dependencies, request, response).catch(() => response.destroy());
  };
}

async function handle(
  dependencies: HandlerDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
  if (request.method === "GET" && pathname === "/ledger") {
    const orderNo = searchParams.get("orderNo") ?? undefined;
    const body = ledgerJson(dependencies.ledger, dependencies.payments.all(orderNo), orderNo);
    return sendReply(response, { kind: "answer", httpStatus: 200, body });
  }
  const body = await readBody(request);
  if (body === null) return;
  const received = {
    storeId: headerOf(request, "x-store-id"),
    orderNo: orderNoOf(parseBody(body)),
    bodyHash: sha256(body),
    body: body.toString("utf8"),
    headers: shownHeaders(request),
    at: dependencies.numbering.now(),
  };
  const isLookup = pathname === DETAIL_PATH;
  const entry = isLookup
    ? dependencies.ledger.receiveLookup(received)
    : dependencies.ledger.receive(received);
  try {
    const verdict = judge(dependencies, request, pathname, body);
    entry.decided(verdict.outcome);
    const orderNo = verdict.cancel?.orderNo ?? verdict.lookedUp ?? "";
    dependencies.log(`${request.method ?? ""} ${pathname} ${orderNo} → ${verdict.outcome}`);
    if (verdict.cancel !== undefined) await dependencies.beforeAnswer(verdict.cancel);
    if (verdict.lookedUp !== undefined) await dependencies.beforeLookupAnswer(verdict.lookedUp);
    if (verdict.afterMs !== undefined)
      await delay(verdict.afterMs, undefined, { signal: dependencies.closing });
    await sendReply(response, verdict.reply);
  } finally {
    entry.over();
  }
}

/** Null when it is too large; leaving the loop cuts the connection. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function shownHeaders({ headers }: IncomingMessage): Record<string, string> {
  const shown = Object.entries(headers).filter(([name]) => !SECRET_HEADERS.includes(name));
  return Object.fromEntries(shown.map(([name, value]) => [name, String(value)]));
}
