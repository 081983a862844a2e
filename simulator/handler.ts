import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { DETAIL_PATH } from "../src/ebp/ebp-request.js";
import { judge, type JudgeParts } from "./judge.js";
import type { MemoryLedger } from "./ledger.js";
import { ledgerJson } from "./ledger-json.js";
import { sendReply } from "./reply.js";
import { sha256 } from "./sha256.js";
import { orderNoOf, parseBody, type SimulatedCancel } from "./simulated-cancel.js";
import { headerOf } from "./verdict.js";

/** The same bound that the service puts on EBP's answers. */
const MAX_BODY_BYTES = 1024 * 1024;
const SECRET_HEADERS: readonly string[] = ["x-access-key", "x-ebp-signature"];

export interface HandlerParts extends JudgeParts {
  readonly ledger: MemoryLedger;
  readonly beforeAnswer: (cancel: SimulatedCancel) => Promise<void>;
  readonly beforeLookupAnswer: (orderNo: string) => Promise<void>;
  readonly log: (line: string) => void;
  /** Aborted when the simulator closes: what waits to be answered waits no longer. */
  readonly closing: AbortSignal;
}

export function createHandler(parts: HandlerParts): RequestListener {
  return (request, response) => {
    handle(parts, request, response).catch(() => response.destroy());
  };
}

async function handle(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://simulator");
  if (request.method === "GET" && pathname === "/ledger") {
    const orderNo = searchParams.get("orderNo") ?? undefined;
    const body = ledgerJson(parts.ledger, parts.payments.all(orderNo), orderNo);
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
    at: parts.numbering.now(),
  };
  const isLookup = pathname === DETAIL_PATH;
  const entry = isLookup ? parts.ledger.receiveLookup(received) : parts.ledger.receive(received);
  try {
    const verdict = judge(parts, request, pathname, body);
    entry.decided(verdict.outcome);
    const orderNo = verdict.cancel?.orderNo ?? verdict.lookedUp ?? "";
    parts.log(`${request.method ?? ""} ${pathname} ${orderNo} → ${verdict.outcome}`);
    if (verdict.cancel !== undefined) await parts.beforeAnswer(verdict.cancel);
    if (verdict.lookedUp !== undefined) await parts.beforeLookupAnswer(verdict.lookedUp);
    if (verdict.afterMs !== undefined) await delay(verdict.afterMs, undefined, { signal: parts.closing });
    await sendReply(response, verdict.reply);
  } finally {
    entry.over();
  }
}

/** Null when it is larger than any request; leaving the loop cuts the connection. */
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
