import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { struck } from "../faults/harness/instance.js";
import { until } from "../helpers/gate.js";
import { CANCEL, CANCELLATION_FIELDS, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import { urlOf } from "../helpers/service-process.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { accountOf, CANARIES, numberOf, secretsIn } from "./canaries.js";
import { ANSWERS } from "./canary-upstream.js";
import { useCanaryWorld } from "./canary-world.js";

const { ends, answers, processes, sql, kept, post, graphql, cancel, raw, startDying, run } = useCanaryWorld();

const READ = `query ($after: String) {
  cancellations(first: 100, after: $after) { edges { node { ${CANCELLATION_FIELDS} } } pageInfo { hasNextPage endCursor } }
}`;
const RESOLVE = `mutation ($input: ResolveCancellationInput!) { resolveCancellation(input: $input) { userErrors { code field message } } }`;
/** Where a process dies while a cancel goes on. */
const CRASHES = ["after intent", "halfway cancel", "before transition"];
const LIVE_STATUS = `query ($orderNo: String!) {
  order(orderNo: $orderNo) { liveStatus { paymentStatus requestId unavailable { reason message resultCode } } }
}`;

describe("refund accounts go through", () => {
  test("every kind of answer of EBP, also those that repeat them", async () => {
    const modes = [...Object.keys(ANSWERS), "ORD", "SIM-CANCELLATION-FAILED"];
    const statuses = new Set<string>();
    const throughAll = async (canary: (typeof CANARIES)[number]): Promise<void> => {
      const cancels = modes.map((mode) => cancel(canary, { orderNo: `${mode}-${randomUUID()}` }));
      for (const { cancellation } of await Promise.all(cancels)) {
        statuses.add(cancellation.status);
        expect(cancellation.refundAccount.accountNumberLast4).toMatch(/^(?:6422|3705|4771|8514)$/u);
        await graphql(LIVE_STATUS, { orderNo: cancellation.orderNo });
      }
    };
    await Promise.all(CANARIES.map(throughAll));
    expect(statuses).toEqual(new Set(["SUCCEEDED", "FAILED", "UNKNOWN"]));
  });

  test("requests that are repeated, or that reuse a key", async () => {
    const [one, other] = CANARIES;
    const input = cancelInput({ refundAccount: accountOf(one), orderNo: `accepted-echo-${randomUUID()}` });
    expect((await graphql(CANCEL, { input })).data.cancelPayment.replayed).toBe(false);
    expect((await graphql(CANCEL, { input })).data.cancelPayment.replayed).toBe(true);
    const different = await graphql(CANCEL, { input: { ...input, refundAccount: accountOf(other) } });
    expect(different.data.cancelPayment.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
  });

  test("requests that are refused", async () => {
    for (const canary of CANARIES) {
      const { accountNumber: number, accountHolderName: name } = canary;
      const refundAccount = accountOf(canary);
      for (const change of [
        { refundAccount: number },
        { refundAccount: [number, name] },
        { refundAccount: { ...refundAccount, accountNumber: name } },
        { refundAccount: { ...refundAccount, accountNumber: number.repeat(4) } },
        { refundAccount: { ...refundAccount, accountHolderName: { first: name } } },
        { refundAccount: { ...refundAccount, accountHolderName: `${name}\u0000` } },
        { refundAccount: { ...refundAccount, accountHolderName: name.repeat(2_000) } },
        { refundAccount: { ...refundAccount, [name]: number } },
        { totalCancelAmount: "999" },
        { storeId: "NONE" },
        { items: [item({ quantity: -1 })] },
      ]) {
        const input = cancelInput({ refundAccount, ...change });
        for (const answer of [await graphql(CANCEL, { input }), await graphql(PREVIEW, { input })]) {
          const faults = answer.errors ?? Object.values<any>(answer.data)[0].userErrors;
          expect([change, faults.length]).not.toEqual([change, 0]);
        }
      }
    }
  });

  test("notes of operators", async () => {
    for (const canary of CANARIES.filter((one) => /^\d+$/u.test(numberOf(one)))) {
      const digits = numberOf(canary);
      const { cancellation } = await cancel(canary, { orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}` });
      const input = { id: cancellation.id, outcome: "FAILED", note: `paid to ${digits} by hand` };
      const { data } = await graphql(RESOLVE, { input });
      expect(data.resolveCancellation.userErrors).toMatchObject([
        { code: "INVALID_INPUT", field: ["input", "note"] },
      ]);
    }
  });

  test("documents that hold them, whole and broken", async () => {
    for (const canary of CANARIES) {
      const [number, name] = [canary.accountNumber, canary.accountHolderName].map((text) =>
        JSON.stringify(text),
      );
      for (const literal of [
        `{ accountNumber: ${number}, accountHolderName: ${name} }`,
        `{ accountNumber: ${numberOf(canary)}, accountHolderName: ${name} }`,
        `{ accountNumber ${number} }`,
        `{ accountNumber: "${numberOf(canary)}`,
        `{ accountNumber: [${number}] }`,
        `{ a${numberOf(canary)}: ${name} }`,
        `{ accountNumber: $a${numberOf(canary)} } # ${name}`,
        numberOf(canary),
      ])
        await graphql(
          `mutation { cancelPayment(input: { idempotencyKey: "k", orderNo: "o", totalCancelAmount: 1, items: [], refundAccount: ${literal} }) { replayed } }`,
        );
      await post(JSON.stringify({ query: "{ __typename }", operationName: canary.accountHolderName }));
      await post(JSON.stringify({ query: canary.accountNumber, variables: canary.accountHolderName }));
    }
  });

  test("addresses, headers and bodies that are no requests", async () => {
    const { url } = ends.service;
    for (const canary of CANARIES) {
      const account = JSON.stringify(canary);
      const [number, name] = [numberOf(canary), encodeURIComponent(canary.accountHolderName)];
      const variables = JSON.stringify({ input: cancelInput({ refundAccount: accountOf(canary) }) });
      const query = new URLSearchParams({ query: PREVIEW, variables });
      const headers = { "apollo-require-preflight": "1" };
      await kept(fetch(`${url}/graphql?${String(query)}`, { headers }));
      for (const path of [`${name}/${number}?q=${name}`, `metrics?account=${number}`])
        await kept(fetch(`${url}/${path}`));
      await post('{"query":"{ __typename }"}', {
        authorization: `Bearer ${number}`,
        cookie: `a=${name}`,
        "x-request-id": number,
        "user-agent": name,
        origin: `http://${name}`,
      });
      for (const body of [
        account.slice(0, -3),
        `{"__proto__":${account}}`,
        `${account}${" ".repeat(200_000)}`,
      ])
        await post(body);
      await post(account, { "content-type": `text/${number}` });
      await kept(fetch(`${url}/graphql`, { method: "PUT", body: account }));
      await raw(`GET /graphql?query=${number} HTTP/1.1\r\nHost: a\r\nbroken ${number}\r\n\r\n`);
      await raw(`${number} ${number} ${number}\r\n\r\n`);
    }
  });

  test("webhooks, genuine and forged", async () => {
    const [{ order_no }] = await sql("SELECT order_no FROM cancellation WHERE status = 'UNKNOWN' LIMIT 1");
    for (const canary of CANARIES) {
      const { accountNumber: number, accountHolderName: name } = canary;
      const data = {
        refundAccount: accountOf(canary),
        buyerName: name,
        resultMessage: `to ${name} ${number}`,
      };
      for (const body of [
        webhookBody("PAYMENT_REFUND_REQUESTED", order_no, 1000, {
          data: { ...data, paymentStatus: `R ${number}`, resultCode: number, currencyCode: name },
        }),
        webhookBody("PAYMENT_CAPTURED", `nobody-${randomUUID()}`, 1000, {
          data: { ...data, exponent: name },
        }),
        JSON.stringify({ eventType: name, eventTime: number, data: canary }),
        JSON.stringify(canary).slice(0, -1),
      ]) {
        expect((await deliver(ends.service, body)).status).toBe(200);
        expect((await deliver(ends.service, body, { secret: "another" })).status).toBe(401);
      }
    }
  });

  test("processes that die before, while and after EBP is asked", async () => {
    const die = async (at: string, index: number): Promise<void> => {
      const dying = await startDying(at);
      const orderNo = `accepted-echo-dying-${randomUUID()}`;
      const input = cancelInput({ refundAccount: accountOf(CANARIES[index] ?? CANARIES[0]), orderNo });
      void graphql(CANCEL, { input }, dying.url).catch(() => undefined);
      await struck(dying);
    };
    await Promise.all(CRASHES.map(die));
  });

  test("a process with other keys, and starts that fail", async () => {
    const input = cancelInput({ refundAccount: accountOf(CANARIES[0]) });
    await graphql(CANCEL, { input });
    const failing = [
      { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" },
      { EBP_TIMEOUT_MS: "soon", DATA_ENCRYPTION_KEYS: "x:y" },
    ].map((more) => run("start", more));
    const keyless = run("start", {
      DATA_ENCRYPTION_KEYS: `other:${Buffer.alloc(32, 8).toString("base64")}`,
      RECONCILE_INTERVAL_MS: "0",
      EBP_TIMEOUT_MS: "300",
    });
    const answer = await graphql(CANCEL, { input }, await urlOf(keyless));
    expect(answer.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    expect(await Promise.all(failing.map(({ ended }) => ended))).toEqual([1, 1]);
  });

  test("lookups, whose answers repeat them too", async () => {
    await until(async () => {
      await sql(
        "UPDATE cancellation SET next_check_at = statement_timestamp(), in_doubt_since = in_doubt_since - interval '1 hour' WHERE status IN ('PENDING', 'UNKNOWN') AND lookups = 0",
      );
      const left = await sql(
        "SELECT FROM cancellation WHERE status IN ('PENDING', 'UNKNOWN') AND lookups = 0",
      );
      return left.length === 0;
    });
    expect(await sql("SELECT FROM cancellation_event WHERE source = 'LOOKUP'")).not.toEqual([]);
  });

  test("a database that is away after EBP was asked", async () => {
    const [one, other] = CANARIES;
    const cancelling = cancel(one, { orderNo: `accepted-echo-database-goes-away-${randomUUID()}` });
    await ends.service.output(/recording an outcome failed; it is tried again/u);
    const refused = await graphql(CANCEL, { input: cancelInput({ refundAccount: accountOf(other) }) });
    expect(refused.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    await deliver(ends.service, webhookBody("PAYMENT_CAPTURED", "away", 1, { data: accountOf(other) }));
    ends.databaseComesBack();
    expect((await cancelling).cancellation.status).toMatch(/^(?:SUCCEEDED|PENDING)$/u);
  });
});

test("re-encryption of accounts, some of which cannot be decrypted, says how many", async () => {
  const altered = await sql(
    `UPDATE cancellation SET refund_account_sealed = set_byte(refund_account_sealed, 40, 0)
     WHERE order_no LIKE 'garbage%' AND refund_account_sealed IS NOT NULL AND get_byte(refund_account_sealed, 40) <> 0 RETURNING id`,
  );
  const newest = `new:${Buffer.alloc(32, 9).toString("base64")}`;
  const keys = `${newest},${ends.environment["DATA_ENCRYPTION_KEYS"] ?? ""}`;
  const reencrypting = run("reencrypt", { DATA_ENCRYPTION_KEYS: keys });
  expect(await reencrypting.ended).toBe(1);
  expect(altered.length).toBeGreaterThan(1);
  expect(reencrypting.stdout).toContain(`Cannot be decrypted, and left as they are: ${altered.length}.`);
});

describe("and afterwards", () => {
  test("EBP has got every account, and the history shows what happened", async () => {
    for (const canary of CANARIES)
      expect(ends.upstream.accounts()).toContainEqual({
        ...accountOf(canary),
        accountNumber: numberOf(canary),
      });
    for (let info: any = { hasNextPage: true, endCursor: null }; info.hasNextPage;) {
      info = (await graphql(READ, { after: info.endCursor })).data.cancellations.pageInfo;
    }
    await kept(fetch(`${ends.service.url}/metrics`));
    await kept(fetch(`${ends.service.url}/exports/cancellations.csv?direction=desc`));
    expect(answers.join("\n")).toContain("[redacted]");
  });

  test("no answer shows an account", () => {
    expect(answers.length).toBeGreaterThan(100);
    expect(secretsIn(answers.join("\n"))).toEqual([]);
  });

  test("no log shows an account", async () => {
    ends.service.kill("SIGTERM");
    expect(await ends.service.ended).toBe(0);
    const written = processes.map(({ stdout, stderr }) => stdout + stderr).join("\n");
    expect(written.length).toBeGreaterThan(20_000);
    expect(secretsIn(written)).toEqual([]);
  });

  test("no table, and nothing that PostgreSQL knows of them, shows an account", async () => {
    const tables = await sql("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'");
    expect(tables).toContainEqual({ name: "cancellation_event" });
    await sql("ANALYZE");
    const names = [...tables.map(({ name }) => name as string), "pg_stats", "pg_stat_activity"];
    const rows = await Promise.all(names.map((name) => sql(`SELECT t::text AS row FROM "${name}" AS t`)));
    const text = rows.flat().map(({ row }: { row: string }) => row);
    expect(text.join("\n")).toContain("accepted-echo-");
    expect(secretsIn(text.join("\n"))).toEqual([]);
  });

  test("nothing of an account was sent to the database, so its log cannot show one either", () => {
    const sent = ends.sent().toString("utf8");
    expect(sent).toContain("accepted-echo-");
    expect(secretsIn(sent)).toEqual([]);
  });
});

test("a canary is found in every form in which software writes text", () => {
  for (const canary of CANARIES) {
    for (const secret of [canary.accountNumber.trim(), canary.accountHolderName]) {
      const object = { account: secret };
      for (const text of [
        `to ${secret}.`,
        secret.toUpperCase(),
        JSON.stringify(JSON.stringify(JSON.stringify(object))),
        JSON.stringify(object).replaceAll(
          /[^\x20-\x7e]/gu,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
        ),
        ...["", "x", "xy"].map((before) => Buffer.from(`${before}${secret}y`).toString("base64")),
        Buffer.from(secret).toString("hex"),
        encodeURIComponent(secret),
        Array.from(secret, (c) => `&#${c.codePointAt(0)};`).join(""),
      ])
        expect([text, secretsIn(`before ${text} behind`)]).not.toEqual([text, []]);
    }
    expect(secretsIn(`paid to ${numberOf(canary).replaceAll(/(.{3})/gu, "$1 / ")}`)).toHaveLength(1);
    expect(secretsIn(`****${numberOf(canary).slice(-4)} ${canary.accountHolderName[0]}**`)).toEqual([]);
  }
});
