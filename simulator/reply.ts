import type { ServerResponse } from "node:http";

/** What is put on the wire. */
export type Reply =
  | { readonly kind: "answer"; readonly httpStatus: number; readonly body: string; readonly type?: string }
  | { readonly kind: "truncated"; readonly body: string }
  | { readonly kind: "silence" | "reset" };

export const JSON_TYPE = "application/json; charset=utf-8";

/** Resolves when the answer is handed over or the peer is gone: with "silence", only when the peer has had enough. */
export async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  const over = new Promise<void>((resolve) => {
    if (response.destroyed) resolve();
    response.once("close", resolve);
  });
  if (reply.kind === "reset") response.socket?.resetAndDestroy();
  if (reply.kind === "truncated") {
    writeHead(response, 200, JSON_TYPE, reply.body);
    response.write(reply.body.slice(0, reply.body.length / 2), () => response.destroy());
  }
  if (reply.kind === "answer") {
    writeHead(response, reply.httpStatus, reply.type ?? JSON_TYPE, reply.body);
    response.end(reply.body);
  }
  await over;
}

function writeHead(response: ServerResponse, httpStatus: number, type: string, body: string): void {
  response.writeHead(httpStatus, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
}
