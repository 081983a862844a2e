import { describe, expect, test } from "@jest/globals";
import { createHash, randomUUID } from "node:crypto";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { cancel, CANCEL, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import { type TestReplica, useService } from "../helpers/service.js";

const service = useService();

const ACCOUNT = { accountNumber: "0048271905534", bankCode: "004", accountHolderName: "Nadine Oyelaran" };
const received = (input: Record<string, unknown>): number =>
  service.simulator.ledger.received(String(input["orderNo"])).length;

describe("a key that was used gets its first cancellation", () => {
  test("also when the rule for amounts has changed since, and the request would be refused now", async () => {
    const input = cancelInput({ totalCancelAmount: "2000", items: [item({ quantity: 2 })] });
    const first = await cancel(service, input);
    const changed = await service.replica({ EBP_AMOUNT_BASIS: "line" });

    const { data } = await changed.graphql(CANCEL, { input });
    expect(data.cancelPayment).toMatchObject({
      replayed: true,
      cancellation: { id: first.cancellation.id, status: "SUCCEEDED" },
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
    expect(unused.userErrors).toMatchObject([{ code: "INVALID_INPUT", field: "input.idempotencyKey" }]);
  });

  test("also when it was stored before fingerprints had a version", async () => {
    const input = cancelInput({ items: [item()] });
    const { id } = (await cancel(service, input)).cancellation;
    const { seq, itemType, itemId, quantity, amount, taxAmount } = item();
    const lines = [[seq, itemType, itemId, quantity, amount, taxAmount]];
    const content = JSON.stringify([input["orderNo"], input["totalCancelAmount"], lines, null, null]);
    const fingerprint = createHash("sha256").update(content).digest("hex");
    const [stored] = await service.sql("SELECT fingerprint FROM cancellation WHERE id = $1", [id]);
    expect(stored.fingerprint).toMatch(/^v1:[0-9a-f]{64}$/u);
    await service.sql("UPDATE cancellation SET fingerprint = $1 WHERE id = $2", [fingerprint, id]);

    expect(await cancel(service, input)).toMatchObject({ replayed: true, cancellation: { id } });
    const other = await cancel(service, { ...input, note: "another" });
    expect(other.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
    expect(received(input)).toBe(1);
  });

  test("or is told that the key is another request's, whatever is wrong with this one", async () => {
    const input = cancelInput();
    await cancel(service, input);
    const other = await cancel(service, { ...input, totalCancelAmount: "999" });
    expect(other.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
  });
});

describe("where a key cannot be looked up, the answer says that an earlier call may have sent something", () => {
  async function expectCannotBeTold(replica: TestReplica, input: object): Promise<void> {
    const { errors, data } = await replica.graphql(CANCEL, { input });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    expect(errors?.[0].message).toContain("This call sent nothing");
    expect(errors?.[0].message).toContain(
      "Whether an earlier call with this idempotency key sent something cannot be told now",
    );
  }

  test("on a replica that lacks the key of its refund account", async () => {
    const input = cancelInput({ refundAccount: ACCOUNT });
    await cancel(service, input);
    const keyless = await service.replica({
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
    await letIn(false);
    try {
      await expectCannotBeTold(service, input);
    } finally {
      await letIn(true);
    }
    expect(received(input)).toBe(1);
  });
});

describe("what a cancel has come to is told", () => {
  test("also when its events cannot be read afterwards: the error is on that field alone", async () => {
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
});

describe("order numbers that EBP may take for the same one", () => {
  test("in another case than one in doubt get that one's id, and nothing is sent", async () => {
    const doubtful = cancelInput({ orderNo: `SIM-TIMEOUT-AFTER-EFFECT-${randomUUID()}`.replace(/.$/u, "a") });
    const replica = await service.replica({ EBP_TIMEOUT_MS: "1500" });
    const first = (await replica.graphql(CANCEL, { input: doubtful })).data.cancelPayment;
    expect(first.cancellation.status).toBe("UNKNOWN");
    const inCapitals = cancelInput({ orderNo: String(doubtful["orderNo"]).toUpperCase() });
    expect((await cancel(service, inCapitals)).userErrors).toMatchObject([
      { code: "CANCEL_IN_PROGRESS", cancellationId: first.cancellation.id },
    ]);
    expect(received(inCapitals)).toBe(0);
  });

  test("with a capital outside of A to Z are found again as the order that is in doubt", async () => {
    const replica = await service.replica({ EBP_TIMEOUT_MS: "1500" });
    const input = cancelInput({ orderNo: `SIM-TIMEOUT-AFTER-EFFECT-É-${randomUUID()}` });
    const { id } = (await replica.graphql(CANCEL, { input })).data.cancelPayment.cancellation;
    const other = { ...input, idempotencyKey: randomUUID() };
    const preview = await service.graphql(PREVIEW, { input: other });

    const blocked = [{ code: "CANCEL_IN_PROGRESS", cancellationId: id }];
    expect(preview.data.cancelPaymentPreview).toMatchObject({ wouldSend: false, userErrors: blocked });
    expect((await cancel(service, other)).userErrors).toMatchObject(blocked);
    expect(received(input)).toBe(1);
  });
});
