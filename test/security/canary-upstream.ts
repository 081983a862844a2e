import type { Socket } from "node:net";
import { httpAnswer, startUpstream, type Upstream, type UpstreamRequest } from "../helpers/upstream.js";

interface Asked {
  readonly orderNo: string;
  readonly account: { readonly accountNumber: string; readonly accountHolderName: string };
  /** The body of the request, as it came. */
  readonly body: string;
}

type Answer = (asked: Asked, socket: Socket) => void;

const unicode = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
const entities = (text: string): string =>
  Array.from(text, (character) => `&#${character.codePointAt(0)};`).join("");

function envelope(resultCode: string, { account, orderNo, body }: Asked, more: object = {}): string {
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
      received: JSON.parse(body) as object,
      raw: body,
      items: [{ seq: 1, itemId: number, itemType: name }],
    },
    ...more,
  });
}

/** How an EBP answers a cancel that gives back what it was sent. Named by how the number of its order begins. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  "accepted-echo": (asked, socket) => socket.write(httpAnswer(200, envelope("0", asked))),
  "accepted-number": (asked, socket) => {
    const digits = asked.account.accountNumber.replace(/\D/gu, "").replace(/^0+/u, "");
    socket.write(
      httpAnswer(
        200,
        envelope("0", asked).replace('"data":{', `"data":{"paidTo":${digits},"also":[${digits}.0],`),
      ),
    );
  },
  "rejected-message": (asked, socket) => socket.write(httpAnswer(400, envelope("EBP-C-0004", asked))),
  "rejected-details": (asked, socket) => {
    const { account, body } = asked;
    const errors = [
      { field: `refundAccount[${account.accountNumber}]`, message: body },
      { field: account.accountHolderName, message: body },
      { header: account.accountNumber, message: account.accountHolderName },
    ];
    socket.write(httpAnswer(400, envelope("EBP-C-0004", asked, { errors, error: { errorDetails: errors } })));
  },
  "rejected-escaped": (asked, socket) => {
    const { accountNumber, accountHolderName } = asked.account;
    const message = unicode(`${accountHolderName} ${accountNumber}`);
    socket.write(
      httpAnswer(400, `{"resultCode":"EBP-C-0004","message":"${message}","requestId":"${message}"}`),
    );
  },
  "rejected-code": (asked, socket) =>
    socket.write(httpAnswer(400, envelope(`EBP-C-0004 ${asked.account.accountNumber}`, asked))),
  "failed-nested": (asked, socket) => {
    const nested = `{"cause":${asked.body}}`;
    socket.write(httpAnswer(500, envelope("EBP-Z-0005", asked, { message: nested })));
  },
  "gateway-page": ({ account, body }, socket) => {
    const page = `<p>${entities(account.accountHolderName)} ${account.accountNumber}</p><pre>${body}</pre>`;
    socket.write(httpAnswer(502, page, { "Content-Type": "text/html" }));
  },
  "gateway-refusal": ({ body }, socket) =>
    socket.write(httpAnswer(403, `<h1>Blocked</h1>${body}`, { "Content-Type": "text/html" })),
  "told-in-headers": ({ account, body }, socket) =>
    socket.write(
      httpAnswer(500, "{}", {
        "X-Account": account.accountNumber,
        Location: `/?q=${encodeURIComponent(body)}`,
        "Set-Cookie": encodeURIComponent(account.accountHolderName),
      }),
    ),
  truncated: (asked, socket) => {
    const whole = envelope("0", asked);
    const cut = whole.indexOf(asked.account.accountNumber) + asked.account.accountNumber.length - 3;
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
  /** What of the refund accounts has reached EBP. */
  received(): Asked["account"][];
  close(): Promise<void>;
}

/** An EBP that echoes. Other orders get through to the simulator. `beforeAnswer` is called for each cancel of its own. */
export async function startEchoingUpstream(
  simulatorUrl: string,
  beforeAnswer: (orderNo: string) => void,
): Promise<EchoingUpstream> {
  const accounts = new Map<string, Asked["account"]>();
  const upstream = await startUpstream((request, socket) => {
    const body = request.body.toString("utf8");
    const { orderNo, refundAccount } = JSON.parse(body) as {
      orderNo: string;
      refundAccount?: Asked["account"];
    };
    if (refundAccount !== undefined) accounts.set(orderNo, refundAccount);
    const asked = {
      orderNo,
      body,
      account: accounts.get(orderNo) ?? { accountNumber: "none", accountHolderName: "none" },
    };
    if (refundAccount === undefined) return void socket.write(httpAnswer(200, paymentDetails(asked)));
    beforeAnswer(orderNo);
    const answer = ANSWERS[Object.keys(ANSWERS).find((name) => orderNo.startsWith(name)) ?? ""];
    if (answer !== undefined) answer(asked, socket);
    else void passOn(simulatorUrl, request, socket);
  });
  return { upstream, received: () => [...accounts.values()], close: () => upstream.close() };
}

/** What a lookup tells: nothing about the cancel, and everything about the account. */
function paymentDetails(asked: Asked): string {
  const { account, orderNo } = asked;
  const data = {
    orderNo,
    paymentStatus: "CAPTURED",
    buyerName: account.accountHolderName,
    refund: account,
    note: JSON.stringify(account),
  };
  return envelope("0", asked, { data });
}

/** Byte for byte the same body, so that the signature stays right. */
async function passOn(url: string, request: UpstreamRequest, socket: Socket): Promise<void> {
  const [method = "", path = ""] = request.requestLine.split(" ");
  const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
  const answer = await fetch(`${url}${path}`, { method, headers, body: request.body });
  socket.write(httpAnswer(answer.status, await answer.text()));
}
