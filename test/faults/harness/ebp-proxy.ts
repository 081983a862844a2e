import type { Socket } from "node:net";
import { httpAnswer, startUpstream, type UpstreamRequest } from "../../helpers/upstream.js";

/** What becomes of one cancel between the service and EBP. */
export interface Mischief {
  /** Whether EBP gets it, and so moves money: at once, when `land` is called, or never. */
  readonly reaches: "now" | "later" | "never";
  /** What the service gets; EBP's own answer unless stated, or nothing when there is none. */
  readonly answer?: (socket: Socket, genuine: GenuineAnswer) => void;
}

/** What EBP has answered; an empty one when it was not asked. */
export interface GenuineAnswer {
  readonly status: number;
  readonly body: string;
}

export interface EbpProxy {
  readonly url: string;
  /** What becomes of the next request with this name; others get through. */
  plan(name: RequestName, mischief: Mischief): void;
  /** Hands EBP what was to reach it later, and waits for it to be done. */
  land(itemId?: string): Promise<void>;
  close(): Promise<void>;
}

/** A cancel's item id, or an order's number for a lookup of it. */
export type RequestName = string | { readonly lookup: string };

const NOTHING: GenuineAnswer = { status: 0, body: "" };

/** Stands between the service and the simulator, and does what networks and gateways do. */
export async function startEbpProxy(upstreamUrl: string): Promise<EbpProxy> {
  const plans = new Map<string, Mischief>();
  const late = new Map<string, () => Promise<GenuineAnswer>>();

  const respond = async (request: UpstreamRequest, socket: Socket): Promise<void> => {
    const body = request.body.toString("utf8");
    const itemId = /"itemId":\s*"([^"]+)"/u.exec(body)?.[1] ?? "";
    const name = itemId === "" ? lookupOf(/"orderNo":\s*"([^"]+)"/u.exec(body)?.[1] ?? "") : itemId;
    const { reaches, answer }: Mischief = plans.get(name) ?? { reaches: "now" };
    plans.delete(name);
    const send = (): Promise<GenuineAnswer> => passOn(upstreamUrl, request);
    if (reaches === "later") late.set(itemId, send);
    const genuine = reaches === "now" ? await send() : NOTHING;
    if (answer !== undefined) answer(socket, genuine);
    else if (reaches === "now") socket.write(httpAnswer(genuine.status, genuine.body));
  };
  const upstream = await startUpstream((request, socket) => {
    respond(request, socket).catch(() => socket.resetAndDestroy());
  });

  return {
    url: upstream.url,
    plan: (name, mischief) =>
      void plans.set(typeof name === "string" ? name : lookupOf(name.lookup), mischief),
    async land(itemId) {
      const chosen = [...late].filter(([id]) => itemId === undefined || id === itemId);
      for (const [id] of chosen) late.delete(id);
      await Promise.all(chosen.map(([, send]) => send()));
    },
    close: () => upstream.close(),
  };
}

function lookupOf(orderNo: string): string {
  return `lookup of ${orderNo}`;
}

/** Byte for byte the same body, so that the signature stays right. */
async function passOn(upstreamUrl: string, request: UpstreamRequest): Promise<GenuineAnswer> {
  const [method = "", path = ""] = request.requestLine.split(" ");
  const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
  const answer = await fetch(`${upstreamUrl}${path}`, { method, headers, body: request.body });
  return { status: answer.status, body: await answer.text() };
}
