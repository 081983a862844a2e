import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { createGate, until } from "../helpers/gate.js";
import {
  cancel,
  CANCEL,
  cancelInput,
  CANCELLATION_FIELDS,
  insist,
  item,
  PREVIEW,
} from "../helpers/operations.js";
import { type TestReplica, useService } from "../helpers/service.js";

/** Held closed while a test wants cancels to be in flight. */
const gate = createGate();
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });
afterEach(() => gate.open());

const ACCOUNT = { accountNumber: "0048271905534", bankCode: "004", accountHolderName: "Nadine Oyelaran" };
const received = (input: Record<string, unknown>): number =>
  service.simulator.ledger.received(String(input["orderNo"])).length;
const codesOf = ({ userErrors }: any): string[] => userErrors.map(({ code }: { code: string }) => code);

describe("an idempotency key", () => {
  test("used by 100 callers at once is sent once, and all get the same answer", async () => {
    const input = cancelInput({ refundAccount: ACCOUNT });
    const payloads = await Promise.all(Array.from({ length: 100 }, () => insist(service, input)));

    expect(received(input)).toBe(1);
    expect(payloads.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const { cancellation, userErrors } of payloads) {
      expect(cancellation).toEqual(payloads[0].cancellation);
      expect(cancellation.status).toBe("SUCCEEDED");
      expect(userErrors).toEqual([]);
    }
  });

  test("answers a repeated request with the first result, amounts written otherwise and items in another order", async () => {
    const items = [item({ seq: 1, amount: "600" }), item({ seq: 2, amount: "400", itemId: "P002" })];
    const input = cancelInput({ items });
    const first = await cancel(service, input);
    const again = await cancel(service, {
      ...input,
      totalCancelAmount: "1000.00",
      items: [item({ seq: 2, amount: 400, itemId: "P002" }), item({ seq: 1, amount: "600.0" })],
    });

    expect(again).toEqual({ ...first, replayed: true });
    expect(received(input)).toBe(1);
  });

  test("used for another request is refused with the first cancellation, whatever is wrong with this one", async () => {
    const input = cancelInput({ refundAccount: { accountNumber: "1234567890" } });
    const first = await cancel(service, input);
    const before = service.simulator.ledger.totalReceived;

    for (const changes of [
      { orderNo: "ORD-another" },
      { note: "another" },
      { totalCancelAmount: "999" },
      { refundAccount: { accountNumber: "1234567891" } },
      { refundAccount: null },
    ]) {
      const payload = await cancel(service, { ...input, ...changes });
      expect(payload).toMatchObject({ cancellation: null, replayed: false });
      expect(payload.userErrors).toMatchObject([
        {
          __typename: "IdempotencyKeyReusedError",
          cancellation: { id: first.cancellation.id },
          field: ["input", "idempotencyKey"],
        },
      ]);
    }
    expect(service.simulator.ledger.totalReceived).toBe(before);
  });

  test.each([
    ["ORD", "has cancelled the payment successfully", "RELOAD_ORDER"],
    ["SIM-CANCELLATION-FAILED", "failed and cancelled nothing", "RETRY_NEW_KEY"],
    ["SIM-SYSTEM-CRITICAL", "is not known yet", "WAIT"],
  ])(
    "used for another request says what the first one came to, and what to do now: of %s",
    async (prefix, words, nextAction) => {
      const input = cancelInput({ orderNo: `${prefix}-${randomUUID()}` });
      await cancel(service, input);
      const { userErrors } = await cancel(service, { ...input, note: "another" });
      expect(userErrors).toMatchObject([
        { code: "IDEMPOTENCY_KEY_REUSED", nextAction, message: expect.stringContaining(words) },
      ]);
    },
  );

  test("used for another request while the first is in flight is told to wait", async () => {
    gate.close();
    const input = cancelInput();
    const first = cancel(service, input);
    await until(() => received(input) === 1);
    const { userErrors } = await cancel(service, { ...input, note: "another" });
    gate.open();

    expect(userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED", nextAction: "WAIT" }]);
    await first;
  });

  test("makes a repeated request wait for the first while it is in flight", async () => {
    gate.close();
    const input = cancelInput();
    const first = cancel(service, input);
    await until(() => received(input) === 1);
    const second = cancel(service, input);
    const pending = await service.graphql(
      "query ($key: String!) { cancellationByKey(idempotencyKey: $key) { status } }",
      { key: input["idempotencyKey"] },
    );
    gate.open();

    expect(pending.data.cancellationByKey.status).toBe("PENDING");
    expect((await first).cancellation.status).toBe("SUCCEEDED");
    expect(await second).toEqual({ ...(await first), replayed: true });
  });
});

describe("a key that was used gets its first cancellation", () => {
  test("also when the rule for amounts has changed since, and the request would be refused now", async () => {
    const input = cancelInput({ totalCancelAmount: "2000", items: [item({ quantity: 2 })] });
    const { id } = (await cancel(service, input)).cancellation;
    const changed = await service.replica({ EBP_AMOUNT_BASIS: "line" });

    const again = await cancel(changed, input);
    expect(again).toMatchObject({
      replayed: true,
      cancellation: { id, status: "SUCCEEDED" },
      userErrors: [],
    });
    const preview = await changed.graphql(PREVIEW, { input });
    expect(preview.data.cancelPaymentPreview).toMatchObject({ wouldSend: false, userErrors: [] });
    expect(received(input)).toBe(1);
  });

  test("also when the rule for keys has changed since", async () => {
    const input = cancelInput();
    const { id } = (await cancel(service, input)).cancellation;
    const idempotencyKey = `of another rule\u200b${randomUUID()}`;
    await service.sql("UPDATE cancellation SET idempotency_key = $1 WHERE id = $2", [idempotencyKey, id]);

    const again = await cancel(service, { ...input, idempotencyKey });
    expect(again).toMatchObject({ replayed: true, cancellation: { id }, userErrors: [] });
    const unused = await cancel(service, { ...input, idempotencyKey: `unused\u200b${randomUUID()}` });
    expect(unused.userErrors).toMatchObject([{ code: "INVALID_INPUT", field: ["input", "idempotencyKey"] }]);
  });

  test("after a restart too, in whatever state it is, and the history is what it was", async () => {
    const expected = [
      ["ORD", "SUCCEEDED", [], []],
      ["SIM-CANCELLATION-FAILED", "FAILED", ["REJECTED_BY_EBP"], ["RETRY_NEW_KEY"]],
      ["SIM-SYSTEM-CRITICAL", "UNKNOWN", ["OUTCOME_UNKNOWN"], ["WAIT"]],
      ["ORD-crashed", "PENDING", ["CANCEL_IN_PROGRESS"], ["RETRY_SAME_KEY"]],
    ] as const;
    const inputs = expected.map(([prefix]) =>
      cancelInput({ orderNo: `${prefix}-${randomUUID()}`, refundAccount: ACCOUNT, note: "one\ntwo" }),
    );
    for (const input of inputs) await cancel(service, input);
    // What a crash before EBP's answer would have left.
    await service.sql(
      `UPDATE cancellation SET
         status = 'PENDING', settlement = NULL, resolved_by = NULL, resolved_at = NULL, answered_at = NULL,
         next_check_at = now() + interval '15 seconds'
       WHERE order_no LIKE 'ORD-crashed-%'`,
    );
    const query = `{ cancellations { edges { node { ${CANCELLATION_FIELDS} } } } }`;
    const before = await service.graphql(query);
    await service.restart({ EBP_TIMEOUT_MS: "500" });

    expect((await service.graphql(query)).data).toEqual(before.data);
    for (const [n, [, status, codes, actions]] of expected.entries()) {
      const again = await cancel(service, inputs[n] ?? {});
      expect([again.cancellation.status, again.replayed, codesOf(again)]).toEqual([status, true, codes]);
      expect(again.userErrors.map((error: any) => error.nextAction)).toEqual(actions);
      expect(received(inputs[n] ?? {})).toBe(1);
    }
    await service.restart();
  });
});

describe("where a key cannot be looked up, the answer says that an earlier call may have sent something", () => {
  /** An intent that may not be stored is looked for until its lease would end, three times this: so long a stop would take. */
  const SHORT = { EBP_TIMEOUT_MS: "300" };

  async function expectCannotBeTold(replica: TestReplica, input: object): Promise<void> {
    const { errors, data } = await replica.graphql(CANCEL, { input });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    expect(errors?.[0].message).toContain("This call sent nothing");
    expect(errors?.[0].message).toContain(
      "It is not known right now whether an earlier call with this idempotency key sent something",
    );
  }

  test("on a replica that lacks the key of its refund account", async () => {
    const input = cancelInput({ refundAccount: ACCOUNT });
    await cancel(service, input);
    const keyless = await service.replica({
      ...SHORT,
      DATA_ENCRYPTION_KEYS: `other:${Buffer.alloc(32, 9).toString("base64")}`,
    });
    await expectCannotBeTold(keyless, input);
    expect(received(input)).toBe(1);
  });

  test("while the database is away", async () => {
    const input = cancelInput();
    await cancel(service, input);
    const name = new URL(service.databaseUrl).pathname.slice(1);
    const letIn = (allowed: boolean): Promise<void> =>
      withConnection(databaseUrl(service.databaseUrl, "postgres"), async (client) => {
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
        await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
          name,
        ]);
      });
    const replica = await service.replica(SHORT);
    await letIn(false);
    try {
      await expectCannotBeTold(replica, input);
    } finally {
      await letIn(true);
    }
    expect(received(input)).toBe(1);
  });
});

test("what a cancel has come to is told also when its events cannot be read: the error is on that field alone", async () => {
  const role = `no_events_${randomUUID().slice(0, 8)}`;
  await service.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await service.sql(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
  await service.sql(`REVOKE SELECT ON cancellation_event FROM ${role}`);
  const url = new URL(service.databaseUrl);
  url.username = role;
  url.password = "secret";
  const replica = await service.replica({ DATABASE_URL: url.href });
  const input = cancelInput();
  const { data, errors } = await replica.graphql(CANCEL, { input });

  expect(data.cancelPayment).toMatchObject({
    cancellation: { status: "SUCCEEDED", events: null },
    userErrors: [],
  });
  expect(data.cancelPayment.cancellation.items).toHaveLength(1);
  expect(errors).toMatchObject([{ path: ["cancelPayment", "cancellation", "events"] }]);
  expect(received(input)).toBe(1);
});
