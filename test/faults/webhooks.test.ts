import { expect, test } from "@jest/globals";
import { httpAnswer } from "../helpers/upstream.js";
import type { Mischief } from "./harness/ebp-proxy.js";
import { expectNoHarm } from "./harness/oracle.js";
import type { Request } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf, until } from "./harness/wait.js";
import { deliver, signed, webhookBody, type Webhook } from "./harness/webhook.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CALLERS = 10;

const world = useWorld({ dice, proxied: true });

test("an event that is sent again and again is acknowledged each time and counts once", async () => {
  const times = sized(1_000);
  const request = world.callers.request();
  await inDoubt(request);
  const body = refund(request);
  const recorded = signed(body);
  await eachOf([...Array(times).keys()], CALLERS, async (index) => {
    // EBP may sign a repetition anew.
    expect(await deliver(world.app.url, index % 2 === 0 ? recorded : signed(body))).toBe(200);
    if (index % 10 === 0) await world.app.reconcile();
  });
  await world.app.reconcile();
  expect(await kept(request)).toEqual(["MATCHED"]);
  expect(await stateOf(request)).toEqual({
    status: "SUCCEEDED",
    resolved_by: "WEBHOOK",
    settlement: "REFUND_REQUESTED",
    cancelled_total: "1000",
    sources: ["CALLER", "RESPONSE", "WEBHOOK"],
  });
  await settle(world);
  await expectNoHarm(world, `one webhook ${times} times`);
});

/** Something that happens while the cancel waits for its answer, or afterwards. */
type Step = (request: Request) => Promise<unknown>;
const send = (bodyOf: (request: Request) => string): Step => {
  return async (request) => expect(await deliver(world.app.url, signed(bodyOf(request)))).toBe(200);
};
const EVENTS: readonly Step[] = [
  send((request) =>
    refund(request)
      .replace("PAYMENT_REFUND_REQUESTED", "PAYMENT_CAPTURED")
      .replace("refundRequestedAmount", "capturedAmount"),
  ),
  send(refund),
  send((request) => refund(request).replace("SUCCESS", "repeated with another message")),
  send((request) => refund(request).replace("PAYMENT_REFUND_REQUESTED", "PAYMENT_METHOD_CREATED")),
];

test.each<[string, Required<Mischief>["answer"]]>([
  ["is answered", (socket, { status, body }) => socket.write(httpAnswer(status, body))],
  ["comes into doubt", (socket) => socket.resetAndDestroy()],
])(
  "the events of a cancel that %s lead to the same in every order, before that and after",
  async (what, answer) => {
    const straight = await outcomeOf(answer, ["answer", ...EVENTS]);
    expect(straight).toMatchObject({ status: "SUCCEEDED", settlement: "REFUND_REQUESTED" });
    const all = permutations<Step | "answer">(["answer", ...EVENTS]);
    const chosen = Array.from({ length: sized(all.length, 4) }, () => all.splice(dice.below(all.length), 1));
    for (const steps of chosen.flat()) expect(await outcomeOf(answer, steps)).toEqual(straight);
    await settle(world);
    await expectNoHarm(world, `webhooks in ${chosen.length} orders, the cancel ${what}`);
  },
);

/** What these steps lead to, with the reconciler looking now and then. */
async function outcomeOf(
  answer: Required<Mischief>["answer"],
  steps: readonly (Step | "answer")[],
): Promise<unknown> {
  const request = world.callers.request();
  let release: (() => void) | undefined;
  world.upstream.plan(request.itemId, {
    reaches: "now",
    answer: (socket, genuine) => {
      release = () => {
        answer(socket, genuine);
      };
    },
  });
  const call = world.callers.insist(() => world.app.url, request);
  await until("the money has moved, and the answer waits", () => release !== undefined);
  for (const step of steps) {
    if (step === "answer") {
      release?.();
      await call;
    } else {
      await step(request);
    }
    if (dice.below(2) === 0) await world.app.reconcile();
  }
  for (let round = 0; round < 2; round += 1) {
    await world.database.age([], 0);
    await world.app.reconcile();
  }
  return stateOf(request);
}

test("nothing forged in body, secret, signature or time stamp is taken, nor does it leave anything", async () => {
  const attempts = sized(1_000, 40);
  const request = world.callers.request();
  await inDoubt(request);
  const before = await world.database.sql("SELECT count(*)::int AS count FROM webhook_event");
  const answers = new Map<number | null, number>();
  await eachOf([...Array(attempts).keys()], CALLERS, async (index) => {
    const status = await deliver(world.app.url, forged(request, index));
    answers.set(status, (answers.get(status) ?? 0) + 1);
  });
  await world.app.reconcile();
  expect([...answers]).toEqual([[401, attempts]]);
  expect(await world.database.sql("SELECT count(*)::int AS count FROM webhook_event")).toEqual(before);
  expect((await stateOf(request))?.status).toBe("UNKNOWN");
  await settle(world);
  await expectNoHarm(world, `forged webhooks: ${attempts} sent, 0 accepted`);
});

const FORGERIES: readonly ((body: string) => Webhook)[] = [
  (body) => ({ ...signed(body.replace("1000", "1")), body }),
  (body) => ({ ...signed(body), body: `${body} ` }),
  (body) => ({ ...signed(body), body: body.slice(0, -1) }),
  (body) => signed(body, { secret: "another secret" }),
  (body) => signed(body, { secret: "" }),
  (body) => signed(body, { ageSeconds: 400 + dice.below(100_000) }),
  (body) => signed(body, { ageSeconds: -400 - dice.below(100_000) }),
  (body) => withHeader(signed(body, { ageSeconds: 400 }), "x-webhook-signature-timestamp", nowInSeconds()),
  (body) => withHeader(signed(body), "x-webhook-signature-timestamp", String(Number(nowInSeconds()) + 2)),
  (body) => withHeader(signed(body), "x-webhook-signature-timestamp", ""),
  (body) => withHeader(signed(body), "x-webhook-signature", ""),
  (body) => withHeader(signed(body), "x-webhook-signature", "0".repeat(64)),
  (body) => flipped(signed(body)),
  (body) => ({ body, headers: {} }),
];

function forged(request: Request, index: number): Webhook {
  const forgery = FORGERIES[index % FORGERIES.length];
  if (forgery === undefined) throw new Error("no forgery");
  return forgery(refund(request));
}

function withHeader({ body, headers }: Webhook, name: string, value: string): Webhook {
  return { body, headers: { ...headers, [name]: value } };
}

/** One digit of the signature is another. */
function flipped(webhook: Webhook): Webhook {
  const signature = webhook.headers["x-webhook-signature"] ?? "";
  const at = dice.below(signature.length);
  const digit = signature.charAt(at) === "0" ? "1" : "0";
  const altered = signature.slice(0, at) + digit + signature.slice(at + 1);
  return withHeader(webhook, "x-webhook-signature", altered);
}

function nowInSeconds(): string {
  return String(Math.floor(Date.now() / 1_000));
}

function refund({ orderNo, amount }: Request): string {
  const eventTime = eventTimes.get(orderNo) ?? new Date().toISOString();
  eventTimes.set(orderNo, eventTime);
  return webhookBody({ eventType: "PAYMENT_REFUND_REQUESTED", orderNo, amount, eventTime });
}

/** The same body each time. */
const eventTimes = new Map<string, string>();

/** The money moves and the answer is lost. */
async function inDoubt(request: Request): Promise<void> {
  world.upstream.plan(request.itemId, { reaches: "now", answer: (socket) => socket.resetAndDestroy() });
  expect((await world.callers.insist(() => world.app.url, request)).told?.status).toBe("UNKNOWN");
}

async function stateOf({ key }: Request): Promise<any> {
  const [row] = await world.database.sql(
    `SELECT c.status, c.resolved_by, c.settlement, o.cancelled_total::text, (
       SELECT array_agg(DISTINCT source::text ORDER BY source::text) FROM cancellation_event e WHERE e.cancellation_id = c.id
     ) AS sources
     FROM cancellation c JOIN cancelled_order o ON o.store_id = c.store_id AND o.order_no = c.order_no
     WHERE c.idempotency_key = $1`,
    [key],
  );
  return row;
}

async function kept({ orderNo }: Request): Promise<string[]> {
  const rows = await world.database.sql("SELECT state FROM webhook_event WHERE order_no = $1", [orderNo]);
  return rows.map(({ state }) => state);
}

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length <= 1) return [[...all]];
  return all.flatMap((first, index) =>
    permutations(all.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  );
}
