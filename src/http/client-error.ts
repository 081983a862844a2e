import type { Socket } from "node:net";
import { BARE_HEADERS } from "./security-headers.js";

const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

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
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\n${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroy();
}
