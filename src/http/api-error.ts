import type { Socket } from "node:net";
import type { FastifyReply } from "fastify";
import { InvalidArgumentError } from "../cancellation/model/errors.js";
import { BARE_HEADERS } from "./security-headers.js";

/** A request that is not served, and why, in words for its sender. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

/** As the API has its errors. */
export function answerRefusal(reply: FastifyReply, error: Refusal | InvalidArgumentError): FastifyReply {
  if (error instanceof InvalidArgumentError) {
    const extensions = { code: "BAD_USER_INPUT", field: error.field };
    return reply.code(400).send({ errors: [{ message: error.message, extensions }] });
  }
  const { status, code, message, retryAfterSeconds } = error;
  if (retryAfterSeconds !== null) void reply.header("retry-after", retryAfterSeconds);
  const extensions = { code, ...(retryAfterSeconds !== null && { retryAfterSeconds }) };
  return reply.code(status).send({ errors: [{ message, extensions }] });
}

const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** How long a client may take to see its answer. */
const LINGER_MS = 1_000;

/** Answers bytes that are not HTTP, or come too slowly. Not logged at any level: the error carries them, and an account number among them. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const status = STATUSES[error.code ?? ""] ?? "400 Bad Request";
  const body = JSON.stringify({
    errors: [{ message: status.slice("400 ".length), extensions: { code: "BAD_REQUEST" } }],
  });
  const head = [
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
    ...Object.entries(BARE_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  if (!socket.writable) return;
  // Destroyed at once, with bytes of the client unread, the system resets the connection, and the client may never see the answer.
  socket.end(`HTTP/1.1 ${status}\r\n${head.join("\r\n")}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}
