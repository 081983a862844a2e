import { createServer, type AddressInfo, type Socket } from "node:net";

/** One whole request as a raw upstream saw it. */
export interface UpstreamRequest {
  readonly requestLine: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Called for each whole request, with the open socket to write anything, or nothing, to. `count` begins at 1. */
export type Respond = (request: UpstreamRequest, socket: Socket, count: number) => void;

export interface Upstream {
  readonly port: number;
  readonly url: string;
  /** Every whole request, in order of arrival. */
  readonly requests: readonly UpstreamRequest[];
  /** Bytes received over all connections, also those that made no request. */
  readonly bytesReceived: number;
  readonly connections: number;
  /** Resolves when no connection is open any more. */
  allClosed(): Promise<void>;
  close(): Promise<void>;
}

/** A real TCP server that counts what reaches it and answers as the test says, byte by byte if need be. */
export async function startUpstream(respond: Respond): Promise<Upstream> {
  const requests: UpstreamRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let bytesReceived = 0;
  let connections = 0;

  const server = createServer((socket) => {
    let pending: Buffer = Buffer.alloc(0);
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of waiting.splice(0)) resolve();
    });
    socket.on("data", (chunk) => {
      bytesReceived += chunk.byteLength;
      pending = Buffer.concat([pending, chunk]);
      for (let next = takeRequest(pending); next !== null; next = takeRequest(pending)) {
        pending = next.rest;
        requests.push(next.request);
        respond(next.request, socket, requests.length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    get bytesReceived() {
      return bytesReceived;
    },
    get connections() {
      return connections;
    },
    allClosed: () =>
      sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A whole answer with its length stated. */
export function httpAnswer(
  httpStatus: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = { "Content-Type": "application/json" },
): Buffer {
  const bytes = Buffer.from(body as string);
  const all = { ...headers, "Content-Length": String(bytes.byteLength) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${httpStatus} Status\r\n${lines.join("")}\r\n`), bytes]);
}

/** A port of this machine that nobody listens on. */
export async function refusedPort(): Promise<number> {
  const upstream = await startUpstream(() => undefined);
  await upstream.close();
  return upstream.port;
}

function takeRequest(bytes: Buffer): { request: UpstreamRequest; rest: Buffer } | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [requestLine = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const bodyStart = headEnd + 4;
  const bodyEnd = bodyStart + Number(headers["content-length"] ?? 0);
  if (bytes.byteLength < bodyEnd) return null;
  return {
    request: { requestLine, headers, body: bytes.subarray(bodyStart, bodyEnd) },
    rest: bytes.subarray(bodyEnd),
  };
}
