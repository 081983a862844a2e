import { setInterval } from "node:timers";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { httpAnswer } from "../../helpers/upstream.js";
import type { GenuineAnswer, Mischief } from "./ebp-proxy.js";
import type { Row } from "./rows.js";

/** One way in which an answer is bad. */
export interface BadBody {
  readonly what: string;
  readonly answer: Required<Mischief>["answer"];
  /** What may be concluded from it at once. */
  readonly concludes: readonly Row["status"][];
  /** Whether EBP got the request; at random unless stated. */
  readonly reaches?: Mischief["reaches"];
}

const DOUBT: readonly Row["status"][] = ["UNKNOWN"];
const TRICKLE_MS = 1_000;
const CHUNK = Buffer.alloc(64 * 1024, "a");
const BOMB_BYTES = 64 * 1024 * 1024;
const DEEP = 100_000;
const ERROR = `{"resultCode":"EBP-C-0010","message":"Cancellation failed","requestId":"1","timestamp":"2026-01-01T00:00:00Z"}`;

let bomb: Buffer | undefined;

export const BAD_BODIES: readonly BadBody[] = [
  { what: "garbage", concludes: DOUBT, answer: json(Buffer.from([0, 255, 254, 195, 40, 123, 34, 0x80])) },
  {
    what: "HTML",
    concludes: DOUBT,
    answer: json("<!doctype html><html><body>OK</body></html>", "text/html"),
  },
  { what: "an empty body", concludes: DOUBT, answer: json("") },
  { what: "a truncated body", concludes: DOUBT, answer: (socket, { body }) => truncated(socket, body) },
  {
    what: "a length that is too short",
    concludes: DOUBT,
    answer: (socket, { body }) => stated(socket, body, 0.5),
  },
  {
    what: "a length that is too long",
    concludes: DOUBT,
    answer: (socket, { body }) => stated(socket, body, 2),
  },
  { what: "one byte a second", concludes: DOUBT, answer: trickle },
  { what: "an endless body", concludes: DOUBT, answer: endless },
  { what: "a gzip bomb", concludes: DOUBT, answer: (socket) => void socket.write(bombAnswer()) },
  { what: "deep JSON", concludes: DOUBT, answer: json("[".repeat(DEEP) + "]".repeat(DEEP)) },
  {
    what: "deep JSON within an envelope",
    concludes: ["UNKNOWN", "SUCCEEDED"],
    reaches: "now",
    answer: altered((body) => body.replace("{", `{"extra":${"[".repeat(DEEP)}${"]".repeat(DEEP)},`)),
  },
  {
    what: "duplicate keys, the first an error",
    concludes: ["UNKNOWN", "SUCCEEDED"],
    reaches: "now",
    answer: altered((body) => `${ERROR.slice(0, -1)},${body.slice(1)}`),
  },
  {
    what: "duplicate keys, the last an error",
    concludes: DOUBT,
    reaches: "now",
    answer: altered((body) => `${body.slice(0, -1)},${ERROR.slice(1)}`),
  },
  {
    what: "a number of 1e400",
    concludes: ["UNKNOWN", "SUCCEEDED"],
    reaches: "now",
    answer: altered((body) => body.replace(/"totalProductAmount":[\d.]+/u, '"totalProductAmount":1e400')),
  },
  {
    what: "a success with HTTP 500",
    concludes: ["UNKNOWN", "SUCCEEDED"],
    reaches: "now",
    answer: altered((body) => body, 500),
  },
  {
    what: "a rejection with HTTP 200",
    concludes: ["UNKNOWN", "FAILED"],
    reaches: "never",
    answer: json(ERROR),
  },
];

function json(body: string | Buffer, type = "application/json"): BadBody["answer"] {
  return (socket) => void socket.write(httpAnswer(200, body, { "Content-Type": type }));
}

/** EBP's own answer, but for this. */
function altered(change: (body: string) => string, status = 200): BadBody["answer"] {
  return (socket, { body }) => void socket.write(httpAnswer(status, change(body)));
}

function head(length: number | null): string {
  const framing = length === null ? "Connection: close" : `Content-Length: ${length}`;
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
}

function truncated(socket: Socket, body: string): void {
  socket.end(head(Math.max(2, body.length)) + body.slice(0, body.length / 2));
}

/** The whole body, and a length that is not its own. */
function stated(socket: Socket, body: string, factor: number): void {
  const shown = body === "" ? ERROR : body;
  socket.write(head(Math.floor(shown.length * factor)) + shown);
}

function trickle(socket: Socket, { body }: GenuineAnswer): void {
  const shown = body === "" ? ERROR : body;
  socket.write(head(shown.length));
  let sent = 0;
  const timer = setInterval(() => socket.write(shown.charAt((sent += 1) - 1)), TRICKLE_MS);
  socket.once("close", () => clearInterval(timer));
}

function endless(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  };
  socket.on("drain", more);
  socket.write(head(null));
  more();
}

function bombAnswer(): Buffer {
  bomb ??= gzipSync(Buffer.alloc(BOMB_BYTES, " "));
  return httpAnswer(200, bomb, { "Content-Type": "application/json", "Content-Encoding": "gzip" });
}
