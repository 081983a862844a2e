import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { createGate, until } from "../../helpers/gate.js";
import { refresh, resolve } from "../../helpers/in-doubt.js";
import { CHANGED, useFollow, type LiveStream } from "../../helpers/live.js";
import { cancel, CANCEL, cancelInput, insist } from "../../helpers/operations.js";
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

interface Doubtful {
  readonly id: string;
  readonly orderNo: string;
}

/** A cancel whose answer proves nothing. */
async function doubtful(): Promise<Doubtful> {
  const orderNo = `SIM-SYSTEM-CRITICAL-${randomUUID()}`;
  const { cancellation } = await cancel(service, cancelInput({ orderNo }));
  expect(cancellation.status).toBe("UNKNOWN");
  return { id: cancellation.id, orderNo };
}

describe("a follower on another replica sees", () => {
  const follow = (variables: object): Promise<LiveStream> => followOn(other, variables);

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
    const stream = await follow({ ids: [cancellation.id] });
    expect(await stream.change()).toMatchObject({ settlement: "AWAITED" });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", cancellation.orderNo, 1_000));
    await service.reconcile();
    expect(await stream.change()).toMatchObject({ settlement: "REFUND_REQUESTED" });
  });

  test("a decision by a webhook", async () => {
    const { id, orderNo } = await doubtful();
    const stream = await follow({ ids: [id] });
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
    const stream = await follow({ ids: [cancellation.id.toUpperCase()] });
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

  test("by two ids gets both present states first, then the changes of both, and of no other", async () => {
    const made = await Promise.all(Array.from({ length: 3 }, () => doubtful()));
    const [one, two, other] = made as [Doubtful, Doubtful, Doubtful];
    const stream = await follow({ ids: [one.id, two.id] });
    const present = [await stream.change(), await stream.change()];
    expect(new Set(present.map(({ id }) => id))).toEqual(new Set([one.id, two.id]));
    expect(present.map(({ status }) => status)).toEqual(["UNKNOWN", "UNKNOWN"]);
    const decide = (id: string): Promise<unknown> =>
      resolve(service, { id, outcome: "SUCCEEDED", note: "seen in EBP's back office" });
    for (const { id } of [other, two, one]) await decide(id);
    expect(await stream.change()).toMatchObject({ id: two.id, status: "SUCCEEDED" });
    expect(await stream.change()).toMatchObject({ id: one.id, status: "SUCCEEDED" });
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
    await Promise.all(inputs.map((input) => insist(service, input)));
    const seen = new Map<string, string>();
    while ([...seen.values()].filter((status) => status === "SUCCEEDED").length < inputs.length) {
      const { id, status } = await stream.change();
      if (seen.has(id)) expect([seen.get(id), status]).toEqual(["PENDING", "SUCCEEDED"]);
      seen.set(id, status);
    }
  });
});

const LISTENERS = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";

async function listeners(): Promise<number> {
  return (await service.sql(`SELECT pid ${LISTENERS}`)).length;
}

test("a cut listening connection is replaced, and changes that were never announced are found", async () => {
  const { cancellation } = await cancel(service, cancelInput());
  const [ofStore, byId] = [
    await followOn(service, { storeId: "SIM-KR" }),
    await followOn(service, { ids: [cancellation.id] }),
  ];
  expect((await byId.change()).id).toBe(cancellation.id);
  const listening = await listeners();
  expect(listening).toBeGreaterThan(0);
  // Like a process that dies between its commit and the announcement.
  await service.sql(
    `WITH event AS (
       INSERT INTO cancellation_event (store_id, cancellation_id, number, to_status, source)
       SELECT store_id, id, event_count + 1, 'SUCCEEDED', 'LOOKUP' FROM cancellation WHERE id = $1
       RETURNING cancellation_id)
     UPDATE cancellation SET event_count = event_count + 1, settlement = 'VOIDED' FROM event WHERE id = cancellation_id`,
    [cancellation.id],
  );
  await service.sql(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
  for (const stream of [ofStore, byId])
    await stream.changeWhere(({ id, settlement }) => id === cancellation.id && settlement === "VOIDED");
  await until(async () => (await listeners()) === listening);
  const next: any = cancelInput();
  await cancel(service, next);
  await ofStore.changeWhere(({ orderNo }) => orderNo === next.orderNo);
});

test("a stop ends streams at once without completing them, so that clients reconnect to another replica", async () => {
  const stream = await followOn(service);
  await cancel(service, cancelInput());
  await stream.changeWhere(({ status }) => status === "SUCCEEDED");
  const rest = stream.rest();
  await service.restart();
  expect(await rest).toEqual([]);
  await followOn(service);
});

test("a reader that stops for a while holds up nobody, and then gets the newest state of everything", async () => {
  const { hostname, port } = new URL(service.url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  await open(socket);
  socket.pause();
  const other = await followOn(service);
  const inputs = Array.from({ length: 10 }, () => cancelInput());
  for (const input of inputs) await cancel(service, input);
  const seen = new Set<string>();
  while (seen.size < inputs.length) {
    const { id, status } = await other.change();
    if (status === "SUCCEEDED") seen.add(id);
  }
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString()));
  socket.resume();
  await until(() =>
    [...seen].every((id) => new RegExp(`"id":"${id}"[^\\n]*"status":"SUCCEEDED"`, "u").test(text)),
  );
  socket.destroy();
});

/** Subscribes over a bare connection, and reads until the stream has begun. */
async function open(socket: Socket): Promise<void> {
  const body = JSON.stringify({ query: CHANGED });
  const begun = new Promise<void>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.includes("\r\n\r\n")) resolve();
    });
  });
  socket.on("error", () => undefined);
  socket.write(
    `POST /graphql/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await begun;
}
