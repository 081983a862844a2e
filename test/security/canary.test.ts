import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runReconciler, struck } from "../faults/harness/instance.js";
import { until } from "../helpers/gate.js";
import { CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
import { runService, type ServiceProcess } from "../helpers/service-process.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { CANARIES } from "./canaries.js";
import { accountOf, hitsIn, type Canary } from "./canary-forms.js";
import {
  CRASHES,
  distinctLiveStatuses,
  notesWithNumber,
  READ,
  readOtherPaths,
  refusedChanges,
  RESOLVE,
  sendDocuments,
  sendOddities,
} from "./canary-requests.js";
import { ANSWERS } from "./canary-upstream.js";
import { useCanaryWorld } from "./canary-world.js";

const world = useCanaryWorld();
const { answers, processes, sql, kept, graphql, cancel, startOne } = world;

describe("refund accounts go through everything that can happen to them,", () => {
  test("every kind of answer of EBP, also those that echo them", async () => {
    const modes = [...Object.keys(ANSWERS), "ORD", "SIM-CANCELLATION-FAILED"];
    const asked = (canary: Canary, mode: string): Promise<any> =>
      cancel(canary, { orderNo: `${mode}-${randomUUID()}` });
    const silent = CANARIES.map((canary) => asked(canary, "silent"));
    const all: any[] = [];
    for (const canary of CANARIES) {
      const others = modes.filter((mode) => mode !== "silent");
      all.push(...(await Promise.all(others.map((mode) => asked(canary, mode)))));
    }
    all.push(...(await Promise.all(silent)));
    const statuses = all.map(({ cancellation }) => cancellation.status);
    for (const status of ["SUCCEEDED", "FAILED", "UNKNOWN"]) expect(statuses).toContain(status);
    expect(await distinctLiveStatuses(world)).toEqual(['"CAPTURED", null, null']);
    expect(all.map(({ cancellation }) => cancellation.refundAccount.accountNumberLast4).sort()).toEqual(
      modes.flatMap(() => ["6422", "3705", "4771", "8514"]).sort(),
    );
  });

  test("repeated and different requests under one key", async () => {
    const [one, other] = CANARIES;
    const input = cancelInput({ refundAccount: accountOf(one), orderNo: `accepted-echo-${randomUUID()}` });
    const first = await graphql(CANCEL, { input });
    const again = await graphql(CANCEL, { input });
    const different = await graphql(CANCEL, { input: { ...input, refundAccount: accountOf(other) } });
    expect(first.data.cancelPayment.replayed).toBe(false);
    expect(again.data.cancelPayment.replayed).toBe(true);
    expect(different.data.cancelPayment.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
  });

  test("requests that are refused", async () => {
    for (const canary of CANARIES) {
      const { accountNumber: number, accountHolderName: name } = canary;
      const refundAccount = accountOf(canary);
      for (const change of refusedChanges(canary)) {
        const input = cancelInput({ refundAccount, ...change });
        for (const answer of [await graphql(CANCEL, { input }), await graphql(PREVIEW, { input })]) {
          const told = answer.errors ?? Object.values<any>(answer.data)[0].userErrors;
          expect({ change, isRefused: told.length > 0 }).toEqual({ change, isRefused: true });
        }
      }
      const id = (await graphql(READ)).data.cancellations.edges[0].node.id;
      await graphql(RESOLVE, { input: { id: number, outcome: name, note: "asked EBP" } });
      await graphql(RESOLVE, { input: { id, outcome: "FAILED", note: "asked EBP", more: name } });
    }
    expect(await sql("SELECT FROM cancellation WHERE note IS NOT NULL OR reason IS NOT NULL")).toEqual([]);
  });

  test("notes of operators", async () => {
    for (const canary of CANARIES) {
      const { cancellation } = await cancel(canary, { orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}` });
      for (const note of notesWithNumber(canary)) {
        const told = await graphql(RESOLVE, { input: { id: cancellation.id, outcome: "FAILED", note } });
        expect(told.data.resolveCancellation.userErrors).toMatchObject([
          { code: "INVALID_INPUT", field: "input.note" },
        ]);
      }
    }
  });

  test("documents that hold them, whole and broken", async () => {
    for (const canary of CANARIES) await sendDocuments(world, canary);
  });

  test("addresses, headers and bodies that are no requests", async () => {
    for (const canary of CANARIES) await sendOddities(world, canary);
  });

  test("webhooks, genuine and forged", async () => {
    const [{ order_no }] = await sql(
      "SELECT order_no FROM cancellation WHERE status = 'UNKNOWN' AND order_no LIKE 'silent%' LIMIT 1",
    );
    const receipts: unknown[] = [];
    for (const canary of CANARIES) {
      const { accountNumber: number, accountHolderName: name } = canary;
      const data = {
        refundAccount: accountOf(canary),
        buyerName: name,
        resultMessage: `to ${name} ${number}`,
        paymentStatus: `R ${number}`,
        raw: JSON.stringify(canary),
      };
      const bodies = [
        webhookBody("PAYMENT_REFUND_REQUESTED", order_no, 1000, { data }),
        webhookBody("PAYMENT_REFUND_REQUESTED", order_no, 1000, {
          data: { ...data, resultCode: number, currencyCode: name },
        }),
        webhookBody("PAYMENT_CAPTURED", `nobody-${randomUUID()}`, 1000, {
          data: { ...data, exponent: name },
        }),
        JSON.stringify({ eventType: name, eventTime: number, data: canary }),
        JSON.stringify(canary).slice(0, -1),
      ];
      for (const body of bodies) {
        receipts.push((await deliver(world.service, body)).status);
        receipts.push((await deliver(world.service, body, { secret: "another" })).status);
        receipts.push((await deliver(world.service, body, { sent: `${body} ` })).status);
      }
      const post = {
        method: "POST",
        headers: { "x-ebp-signature": number, "content-type": "application/json" },
      };
      await kept(
        fetch(`${world.service.url}/webhooks/ebp?n=${encodeURIComponent(number)}`, {
          ...post,
          body: JSON.stringify(canary),
        }),
      );
      await kept(
        fetch(`${world.service.url}/webhooks/ebp`, { ...post, body: JSON.stringify(canary).repeat(2_000) }),
      );
    }
    expect(receipts).toEqual(CANARIES.flatMap(() => Array.from({ length: 5 }, () => [200, 401, 401])).flat());
  });

  test("processes that die at any point, and others that find out", async () => {
    await Promise.all(
      CRASHES.map(async (at, index) => {
        const canary = CANARIES[index % CANARIES.length];
        const dying = await startOne(at, { RECONCILE_INTERVAL_MS: "0" });
        const input = cancelInput({
          refundAccount: accountOf(canary ?? CANARIES[0]),
          orderNo: `accepted-echo-${at.replace(" ", "-")}-${randomUUID()}`,
        });
        void graphql(CANCEL, { input }, dying.url).catch(() => undefined);
        await struck(dying);
      }),
    );
  });

  test("a process with other keys, and starts that fail", async () => {
    const [canary] = CANARIES;
    const input = cancelInput({ refundAccount: accountOf(canary) });
    await graphql(CANCEL, { input });
    const keyless = await startOne(undefined, {
      DATA_ENCRYPTION_KEYS: `other:${Buffer.alloc(32, 8).toString("base64")}`,
      RECONCILE_INTERVAL_MS: "0",
    });
    const answer = await graphql(CANCEL, { input }, keyless.url);
    expect(answer.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    const failing = [
      { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" },
      { EBP_TIMEOUT_MS: "soon" },
      { DATA_ENCRYPTION_KEYS: "x:y" },
    ];
    const program = ["--import", "./scripts/register-typescript.mjs", "src/main.ts"];
    const all = failing.map((more) => runService({ ...world.environment, ...more }, program));
    processes.push(...all);
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual([1, 1, 1]);
  });

  test("lookups of all that is in doubt, whose answers echo them too", async () => {
    const age =
      "UPDATE cancellation SET next_check_at = clock_timestamp(), in_doubt_since = in_doubt_since - interval '1 hour' WHERE status IN ('PENDING', 'UNKNOWN') AND lookups = 0";
    await until(async () => {
      await sql(age);
      return (
        (await sql("SELECT FROM cancellation WHERE status IN ('PENDING', 'UNKNOWN') AND lookups = 0"))
          .length === 0
      );
    });
    const once = runReconciler(world.environment);
    processes.push(once);
    await once.ended;
    expect(
      (await sql("SELECT FROM cancellation_event WHERE source = 'LOOKUP' AND answer_sealed IS NOT NULL"))
        .length,
    ).toBeGreaterThan(5);
  });

  test("a database that is away before, and after, EBP was asked", async () => {
    const [one, other] = CANARIES;
    const told = cancel(one, { orderNo: `accepted-echo-database-goes-away-${randomUUID()}` });
    await world.service.output(/recording an outcome failed; it is tried again/u);
    const refused = await graphql(CANCEL, { input: cancelInput({ refundAccount: accountOf(other) }) });
    expect(refused.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    await deliver(world.service, webhookBody("PAYMENT_CAPTURED", "away", 1, { data: accountOf(other) }));
    world.tap.up();
    expect((await told).cancellation.status).toMatch(/^(?:SUCCEEDED|PENDING)$/u);
    await until(
      async () =>
        (
          await sql(
            "SELECT FROM cancellation WHERE order_no LIKE '%database-goes-away%' AND status = 'SUCCEEDED'",
          )
        ).length === 1,
    );
  });

  test("commands that a person runs", async () => {
    const run = (program: string): ServiceProcess =>
      runService(
        {
          ...world.environment,
          DATA_ENCRYPTION_KEYS: `new:${Buffer.alloc(32, 9).toString("base64")},${world.environment["DATA_ENCRYPTION_KEYS"] ?? ""}`,
        },
        ["--import", "./scripts/register-typescript.mjs", `src/commands/${program}.ts`],
      );
    await sql(
      "UPDATE cancellation SET refund_account_sealed = set_byte(refund_account_sealed, 40, 0) WHERE order_no LIKE 'garbage%'",
    );
    const reencrypting = run("reencrypt");
    processes.push(reencrypting);
    expect(await reencrypting.ended).toBe(1);
    expect(reencrypting.stdout).toContain("Cannot be opened, and left as they are: 4.");
  });
});

describe("and afterwards", () => {
  test("EBP has got every account, and what happened is in the history", async () => {
    const sent = world.upstream.received();
    for (const { accountNumber, accountHolderName } of CANARIES) {
      expect(sent).toContainEqual({
        accountNumber: accountNumber.replace(/[\s-]/gu, ""),
        bankCode: "088",
        accountHolderName,
      });
    }
    for (let info: any = { hasNextPage: true, endCursor: null }; info.hasNextPage;) {
      info = (await graphql(READ, { after: info.endCursor })).data.cancellations.pageInfo;
    }
    await readOtherPaths(world, CANARIES[0]);
    expect(answers.length).toBeGreaterThan(400);
    expect(answers.join("\n")).toContain("[redacted]");
    expect(answers.join("\n")).toContain("ebp_open_cancellations");
  });

  test("nothing of an account is in any answer", () => {
    expect(hitsIn(answers.join("\n"), CANARIES)).toEqual([]);
  });

  test("nothing of an account is in what the processes have written", async () => {
    world.service.kill("SIGTERM");
    expect(await world.service.ended).toBe(0);
    const written = processes.map(({ stdout, stderr }) => stdout + stderr).join("\n");
    expect(written.length).toBeGreaterThan(50_000);
    expect(written.match(/fault: SIGKILL/gu)).toHaveLength(CRASHES.length);
    expect(hitsIn(written, CANARIES)).toEqual([]);
  });

  test("nothing of an account is in any table, or in what PostgreSQL knows of itself", async () => {
    await sql("ANALYZE");
    const tables = await sql(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const names = [...tables.map(({ name }) => name as string), "pg_stats", "pg_stat_activity"];
    const dump = await Promise.all(names.map((name) => sql(`SELECT t::text AS row FROM ${name} AS t`)));
    const text = dump
      .flat()
      .map(({ row }) => row as string)
      .join("\n");
    expect(names).toEqual(
      expect.arrayContaining(["public.cancellation", "public.cancellation_event", "public.webhook_event"]),
    );
    expect(text).toContain("accepted-echo-");
    expect(hitsIn(text, CANARIES)).toEqual([]);
  });

  test("nothing of an account has ever been sent to the database, so that its own log cannot hold it either", async () => {
    expect(world.tap.sent().includes("/* cancellation: intent */")).toBe(true);
    expect(world.tap.sent().includes("accepted-echo-")).toBe(true);
    expect(hitsIn(world.tap.sent(), CANARIES)).toEqual([]);
    const [{ folder }] = await sql("SELECT current_setting('data_directory', true) AS folder");
    const path = join(dirname(folder ?? "/none/none"), "postgres.log");
    const log = await readFile(path, "utf8").catch(() => null);
    if (log !== null) {
      expect(log).toContain("/* cancellation: intent */");
      expect(hitsIn(log, CANARIES)).toEqual([]);
    }
  });
});
