import type { Socket } from "node:net";
import { httpAnswer, startUpstream, type Upstream, type UpstreamRequest } from "../helpers/upstream.js";

interface Received {
  readonly orderNo: string;
  readonly account: { readonly accountNumber: string; readonly accountHolderName: string };
  /** The body of the request, as it came. */
  readonly body: string;
}

type Answer = (received: Received, socket: Socket) => void;

const unicode = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
const entities = (text: string): string =>
  Array.from(text, (character) => `&#${character.codePointAt(0)};`).join("");

function envelope(resultCode: string, { account, orderNo, body }: Received, more: object = {}): string {
  const { accountNumber: number, accountHolderName: name } = account;
  return JSON.stringify({
    resultCode,
    message: `${resultCode === "0" ? "SUCCESS" : "Cannot refund"} to ${name} (${number})`,
    requestId: `REQ-${number}`,
    timestamp: name,
    data: {
      orderNo,
      returnRequestId: `RET-${number}`,
      refundAccount: account,
      echo: JSON.parse(body) as object,
      raw: body,
      items: [{ seq: 1, itemId: number, itemType: name }],
    },
    ...more,
  });
}

/** Answers of an EBP that repeats what it was sent, by the beginning of the order number. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  "accepted-echo": (received, socket) => socket.write(httpAnswer(200, envelope("0", received))),
  "accepted-number": (received, socket) => {
    const digits = received.account.accountNumber.replace(/\D/gu, "").replace(/^0+/u, "");
    const numbers = `"data":{"paidTo":${digits},"also":[${digits}.0],`;
    socket.write(httpAnswer(200, envelope("0", received).replace('"data":{', numbers)));
  },
  "rejected-message": (received, socket) => socket.write(httpAnswer(400, envelope("EBP-C-0004", received))),
  "rejected-details": (received, socket) => {
    const { account, body } = received;
    const errors = [
      { field: `refundAccount[${account.accountNumber}]`, message: body },
      { field: account.accountHolderName, message: body },
      { header: account.accountNumber, message: account.accountHolderName },
    ];
    socket.write(
      httpAnswer(400, envelope("EBP-C-0004", received, { errors, error: { errorDetails: errors } })),
    );
  },
  "rejected-escaped": (received, socket) => {
    const { accountNumber, accountHolderName } = received.account;
    const message = unicode(`${accountHolderName} ${accountNumber}`);
    socket.write(
      httpAnswer(400, `{"resultCode":"EBP-C-0004","message":"${message}","requestId":"${message}"}`),
    );
  },
  "rejected-code": (received, socket) =>
    socket.write(httpAnswer(400, envelope(`EBP-C-0004 ${received.account.accountNumber}`, received))),
  "failed-nested": (received, socket) => {
    const message = `{"cause":${received.body}}`;
    socket.write(httpAnswer(500, envelope("EBP-Z-0005", received, { message })));
  },
  "gateway-refusal": ({ body }, socket) =>
    socket.write(httpAnswer(403, `<h1>Blocked</h1>${body}`, { "Content-Type": "text/html" })),
  "gateway-page": ({ account, body }, socket) => {
    const page = `<p>${entities(account.accountHolderName)} ${account.accountNumber}</p><pre>${body}</pre>`;
    socket.write(httpAnswer(502, page, { "Content-Type": "text/html" }));
  },
  "told-in-headers": ({ account, body }, socket) =>
    socket.write(
      httpAnswer(500, "{}", {
        "X-Account": account.accountNumber,
        Location: `/?q=${encodeURIComponent(body)}`,
        "Set-Cookie": encodeURIComponent(account.accountHolderName),
      }),
    ),
  truncated: (received, socket) => {
    const whole = envelope("0", received);
    const cut = whole.indexOf(received.account.accountNumber) + received.account.accountNumber.length - 3;
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(whole)}\r\n\r\n`;
    socket.end(head + whole.slice(0, cut));
  },
  garbage: ({ account }, socket) =>
    socket.write(
      httpAnswer(
        200,
        Buffer.concat([
          Buffer.from([0, 255, 254, 195]),
          Buffer.from(JSON.stringify(account)),
          Buffer.from([0x80, 0]),
        ]),
      ),
    ),
  reset: ({ body }, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n${body}`, () => socket.resetAndDestroy());
  },
  "no-http": ({ body }, socket) => socket.end(`${body}\r\n\r\n`),
  silent: () => undefined,
};

export interface EchoingUpstream {
  readonly upstream: Upstream;
  /** The refund accounts that reached EBP. */
  accounts(): Received["account"][];
  close(): Promise<void>;
}

/** An EBP that echoes. It passes other orders on to the simulator, and calls `beforeAnswer` for each cancel of its own. */
export async function startEchoingUpstream(
  simulatorUrl: string,
  beforeAnswer: (orderNo: string) => void,
): Promise<EchoingUpstream> {
  const accounts = new Map<string, Received["account"]>();
  const upstream = await startUpstream((request, socket) => {
    const body = request.body.toString("utf8");
    const { orderNo, refundAccount } = JSON.parse(body) as {
      orderNo: string;
      refundAccount?: Received["account"];
    };
    if (refundAccount !== undefined) accounts.set(orderNo, refundAccount);
    const received = {
      orderNo,
      body,
      account: accounts.get(orderNo) ?? { accountNumber: "none", accountHolderName: "none" },
    };
    if (refundAccount === undefined) return void socket.write(httpAnswer(200, paymentDetails(received)));
    beforeAnswer(orderNo);
    const answer = ANSWERS[Object.keys(ANSWERS).find((name) => orderNo.startsWith(name)) ?? ""];
    if (answer !== undefined) answer(received, socket);
    else void passOn(simulatorUrl, request, socket);
  });
  return { upstream, accounts: () => [...accounts.values()], close: () => upstream.close() };
}

/** Says nothing about the cancel, and everything about the account. */
function paymentDetails(received: Received): string {
  const { account, orderNo } = received;
  const data = {
    orderNo,
    paymentStatus: "CAPTURED",
    buyerName: account.accountHolderName,
    refund: account,
    note: JSON.stringify(account),
  };
  return envelope("0", received, {
    data,
    requestId: `${account.accountHolderName} ${account.accountNumber}`,
  });
}

/** Byte for byte the same body, so that the signature stays right. */
async function passOn(url: string, request: UpstreamRequest, socket: Socket): Promise<void> {
  const [method = "", path = ""] = request.requestLine.split(" ");
  const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
  const answer = await fetch(`${url}${path}`, { method, headers, body: request.body });
  socket.write(httpAnswer(answer.status, await answer.text()));
}
