import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createGate } from "../../helpers/gate.js";
import { refresh, resolve } from "../../helpers/in-doubt.js";
import { subscribe, type LiveStream } from "../../helpers/live.js";
import { cancel, CANCEL, cancelInput } from "../../helpers/operations.js";
import { startService, type TestReplica, type TestService } from "../../helpers/service.js";
import { deliver, webhookBody } from "../../helpers/webhooks.js";

const gate = createGate();
let service: TestService;
let other: TestReplica;
beforeAll(async () => {
  service = await startService({ simulator: { beforeAnswer: () => gate.pass() } });
  other = await service.replica();
});
afterAll(() => service.close());

const streams: LiveStream[] = [];
afterEach(() => {
  gate.open();
  for (const stream of streams.splice(0)) stream.hangUp();
});

async function follow(variables: object, where: Pick<TestReplica, "url"> = service): Promise<LiveStream> {
  const stream = await subscribe(where, variables);
  expect(stream.status).toBe(200);
  streams.push(stream);
  return stream;
}

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
])("whoever follows on %s is told", (_where, where) => {
  test("of an intent, and of the outcome", async () => {
    const input: any = cancelInput();
    const stream = await follow({ orderNo: input.orderNo }, where());
    gate.close();
    const cancelling = cancel(service, input);
    expect(await stream.change()).toMatchObject({ orderNo: input.orderNo, status: "PENDING" });
    gate.open();
    expect(await stream.change()).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });
    await cancelling;
  });

  test("of what a webhook settles", async () => {
    const { cancellation } = await cancel(service, cancelInput());
    const stream = await follow({ id: cancellation.id }, where());
    expect(await stream.change()).toMatchObject({ settlement: "AWAITED" });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", cancellation.orderNo, 1_000));
    await service.reconcile();
    expect(await stream.change()).toMatchObject({ settlement: "REFUND_REQUESTED" });
  });

  test("of what a webhook decides", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ id }, where());
    expect(await stream.change()).toMatchObject({ status: "UNKNOWN" });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 1_000));
    await service.reconcile();
    expect(await stream.change()).toMatchObject({ status: "SUCCEEDED", resolvedBy: "WEBHOOK" });
  });

  test("of what an operator decides", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ orderNo }, where());
    await resolve(service, {
      id,
      outcome: "FAILED",
      evenThough: ["SETTLING"],
      note: "Their support has looked.",
    });
    const decided = await stream.changeWhere(({ status }) => status !== "UNKNOWN");
    expect(decided).toMatchObject({ id, status: "FAILED", resolvedBy: "OPERATOR" });
  });

  test("of a look that has decided nothing", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ orderNo }, where());
    await refresh(service, id);
    const { status, events } = await stream.changeWhere(({ events: all }) => all.at(-1).source === "LOOKUP");
    expect(status).toBe("UNKNOWN");
    expect(events.at(-1)).toEqual({ to: "UNKNOWN", source: "LOOKUP" });
  });

  test("of a cancel whose process went away", async () => {
    const input: any = cancelInput();
    const stream = await follow({ orderNo: input.orderNo }, where());
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

describe("what is followed", () => {
  test("by its id comes first as it stands, then at each change, and never twice the same", async () => {
    const { cancellation } = await cancel(service, cancelInput());
    const stream = await follow({ id: cancellation.id.toUpperCase() });
    expect((await stream.change()).events).toHaveLength(2);
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", cancellation.orderNo, 1_000);
    // The second tells nothing new.
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

  test("of an order is told of that order alone, of a store of all its orders, and so when nothing is named", async () => {
    const [one, another]: any[] = [cancelInput(), cancelInput()];
    const ofOrder = await follow({ orderNo: one.orderNo, storeId: "SIM-KR" });
    const ofStore = await follow({ storeId: "SIM-KR" });
    const ofAll = await follow({});
    await cancel(service, another);
    await cancel(service, one);
    expect((await ofOrder.change()).orderNo).toBe(one.orderNo);
    for (const stream of [ofStore, ofAll]) {
      expect((await stream.change()).orderNo).toBe(another.orderNo);
      let last = await stream.change();
      while (last.orderNo !== one.orderNo) last = await stream.change();
    }
  });

  test("is told in order: each state is later than the one before", async () => {
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
