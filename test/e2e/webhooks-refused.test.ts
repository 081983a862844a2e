import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { read, settle } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody, type WebhookAnswer } from "../helpers/webhooks.js";

const service = useService();

const REFUSED: WebhookAnswer = { status: 401, receipt: undefined };

async function countKept(): Promise<number> {
  const [{ count }] = await service.sql("SELECT count(*)::int AS count FROM webhook_event");
  return count as number;
}

describe("a webhook that is not known to be EBP's", () => {
  const body = (): string => webhookBody("PAYMENT_VOIDED", `ORD-${randomUUID()}`, 1000);
  const at = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;
  const counter = async (): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(/^ebp_webhooks_total\{result="refused"\} (\d+)$/mu.exec(text)?.[1]);
  };

  test.each<[string, () => Promise<WebhookAnswer>]>([
    ["signed with another secret", () => deliver(service, body(), { secret: "another" })],
    ["altered in its body", () => deliver(service, body(), { sent: body() })],
    ["signed too long ago", () => deliver(service, body(), { timestamp: at(-310) })],
    ["signed in the future", () => deliver(service, body(), { timestamp: at(310) })],
  ])("%s is refused with 401, leaves a count, and nothing else", async (_what, send) => {
    const [refused, before] = [await counter(), await countKept()];
    expect(await send()).toEqual(REFUSED);
    expect(await counter()).toBe(refused + 1);
    expect(await countKept()).toBe(before);
  });

  test("unsigned is refused with 401, and moves nothing", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const { id } = (await cancel(service, cancelInput({ orderNo }))).cancellation;
    const response = await fetch(`${service.url}/webhooks/ebp`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: webhookBody("PAYMENT_VOIDED", orderNo, 1000),
    });
    await settle(service);
    expect(response.status).toBe(401);
    expect((await read(service, id)).settlement).toBe("AWAITED");
  });
});

test("without a secret there are no webhooks: the address answers that there is nothing", async () => {
  await service.restart({ EBP_WEBHOOK_SECRET: "" });
  const answer = await deliver(service, webhookBody("PAYMENT_VOIDED", "ORD-1", 1000));
  await service.restart();
  expect(answer.status).toBe(404);
});
