import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createGate } from "../../helpers/gate.js";
import { refresh, resolve } from "../../helpers/in-doubt.js";
import { useFollow, type LiveStream } from "../../helpers/live.js";
import { cancel, CANCEL, cancelInput } from "../../helpers/operations.js";
import { type TestReplica, useService } from "../../helpers/service.js";
import { deliver, webhookBody } from "../../helpers/webhooks.js";

const gate = createGate();
let other: TestReplica;
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });
beforeAll(async () => {
  other = await service.replica();
});
afterEach(() => gate.open());

const followOn = useFollow();

/** A cancel whose answer proves nothing. */
async function doubtful(): Promise<{ readonly id: string; readonly orderNo: string }> {
  const orderNo = `SIM-SYSTEM-CRITICAL-${randomUUID()}`;
  const { cancellation } = await cancel(service, cancelInput({ orderNo }));
  expect(cancellation.status).toBe("UNKNOWN");
  return { id: cancellation.id, orderNo };
}

describe.each([
  ["the same replica", () => service],
  ["another replica", () => other],
])("a follower on %s sees", (_where, where) => {
  const follow = (variables: object): Promise<LiveStream> => followOn(where(), variables);

  test("an intent and its outcome", async () => {
    const input: any = cancelInput();
    const stream = await follow({ orderNo: input.orderNo });
    gate.close();
    const cancelling = cancel(service, input);
    expect(await stream.change()).toMatchObject({ orderNo: input.orderNo, status: "PENDING" });
    gate.open();
    expect(await stream.change()).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });
    await cancelling;
  });

  test("a settlement by a webhook", async () => {
    const { cancellation } = await cancel(service, cancelInput());
    const stream = await follow({ id: cancellation.id });
    expect(await stream.change()).toMatchObject({ settlement: "AWAITED" });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", cancellation.orderNo, 1_000));
    await service.reconcile();
    expect(await stream.change()).toMatchObject({ settlement: "REFUND_REQUESTED" });
  });

  test("a decision by a webhook", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ id });
    expect(await stream.change()).toMatchObject({ status: "UNKNOWN" });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 1_000));
    await service.reconcile();
    expect(await stream.change()).toMatchObject({ status: "SUCCEEDED", resolvedBy: "WEBHOOK" });
  });

  test("a decision by an operator", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ orderNo });
    const note = "Their support has looked.";
    await resolve(service, { id, outcome: "FAILED", evenThough: ["SETTLING"], note });
    const decided = await stream.changeWhere(({ status }) => status !== "UNKNOWN");
    expect(decided).toMatchObject({ id, status: "FAILED", resolvedBy: "OPERATOR" });
  });

  test("a lookup that decided nothing", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ orderNo });
    await refresh(service, id);
    const { status, events } = await stream.changeWhere(({ events: all }) => all.at(-1).source === "LOOKUP");
    expect(status).toBe("UNKNOWN");
    expect(events.at(-1)).toEqual({ to: "UNKNOWN", source: "LOOKUP" });
  });

  test("a cancel whose process went away", async () => {
    const input: any = cancelInput();
    const stream = await follow({ orderNo: input.orderNo });
    gate.close();
    const cancelling = service.graphql(CANCEL, { input });
    expect(await stream.change()).toMatchObject({ status: "PENDING" });
    await service.letTimePass("1 hour");
    await service.reconcile();
    const { status, events } = await stream.change();
    expect(status).toBe("UNKNOWN");
    expect(events.at(-1)).toEqual({ to: "UNKNOWN", source: "RECOVERY" });
    gate.open();
    await cancelling;
  });
});

describe("a subscription", () => {
  const follow = (variables: object): Promise<LiveStream> => followOn(service, variables);

  test("by id gets the present state first, then each change once", async () => {
    const { cancellation } = await cancel(service, cancelInput());
    const stream = await follow({ id: cancellation.id.toUpperCase() });
    expect((await stream.change()).events).toHaveLength(2);
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", cancellation.orderNo, 1_000);
    // The second is no news.
    for (let count = 0; count < 2; count += 1) await deliver(service, body);
    await service.reconcile();
    expect((await stream.change()).events).toHaveLength(3);
    await deliver(service, webhookBody("PAYMENT_VOIDED", cancellation.orderNo, 1_000));
    await service.letTimePass("1 day");
    for (let look = 0; look < 10; look += 1) {
      await service.sql(
        "UPDATE webhook_event SET next_match_at = statement_timestamp() WHERE next_match_at IS NOT NULL",
      );
      await service.reconcile();
    }
    expect((await stream.change()).events).toHaveLength(4);
  });

  test("by order gets that order alone; by store, or without a condition, all orders", async () => {
    const [one, another]: any[] = [cancelInput(), cancelInput()];
    const ofOrder = await follow({ orderNo: one.orderNo, storeId: "SIM-KR" });
    const ofStore = await follow({ storeId: "SIM-KR" });
    const ofAll = await follow({});
    await cancel(service, another);
    await cancel(service, one);
    expect((await ofOrder.change()).orderNo).toBe(one.orderNo);
    for (const stream of [ofStore, ofAll]) {
      expect((await stream.change()).orderNo).toBe(another.orderNo);
      await stream.changeWhere(({ orderNo }) => orderNo === one.orderNo);
    }
  });

  test("gets the states of each cancellation in their order", async () => {
    const stream = await follow({ storeId: "SIM-KR" });
    const inputs = Array.from({ length: 20 }, () => cancelInput());
    await Promise.all(inputs.map((input) => cancel(service, input)));
    const seen = new Map<string, string>();
    while ([...seen.values()].filter((status) => status === "SUCCEEDED").length < inputs.length) {
      const { id, status } = await stream.change();
      if (seen.has(id)) expect([seen.get(id), status]).toEqual(["PENDING", "SUCCEEDED"]);
      seen.set(id, status);
    }
  });
});
