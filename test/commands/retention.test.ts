import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { LEAST_MONTHS_KEPT } from "../../src/cancellation/history/retention-rules.js";
import { readRetentionOptions } from "../../src/commands/retention-options.js";
import { filesIn, useFolders } from "../helpers/archives.js";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput, CANCELLATION_FIELDS } from "../helpers/operations.js";
import { runService, type ServiceProcess } from "../helpers/service-process.js";
import { startService, type TestService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

const MONTHS = 24;
const KEYS = `test:${Buffer.alloc(32, 7).toString("base64")}`;
const ACCOUNT = { accountNumber: "0012-3456-78901", bankCode: "001", accountHolderName: "홍길동" };
const FROM_SOURCES = ["--import", "./scripts/register-typescript.mjs"];

let service: TestService;
beforeAll(async () => (service = await startService()));
afterAll(() => service.close());
beforeEach(() => service.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));
const newFolder = useFolders();

function settings(): Record<string, string> {
  return {
    DATABASE_URL: service.databaseUrl,
    EBP_BASE_URL: service.simulator.url,
    DATA_ENCRYPTION_KEYS: KEYS,
  };
}

/** A program of the project, from the sources, beside the running service. */
function run(program: string, ...words: string[]): ServiceProcess {
  return runService(settings(), [...FROM_SOURCES, `src/commands/${program}.ts`, ...words]);
}

function retention(folder: string, ...words: string[]): ServiceProcess {
  return run("retention", "--older-than-months", String(MONTHS), "--to", folder, ...words);
}

/** A cancel with an account and a note, and an answer of EBP that is kept where it failed. */
async function cancelled(changes: object = {}): Promise<{ input: any; id: string }> {
  const input: any = cancelInput({ refundAccount: ACCOUNT, note: "call before noon", ...changes });
  const { cancellation } = await cancel(service, input);
  return { input, id: cancellation.id };
}

function rejected(): Promise<{ input: any; id: string }> {
  return cancelled({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
}

/** As if all there is had happened so long ago. */
async function letAllAge(): Promise<void> {
  const ago = `interval '${MONTHS + 1} months'`;
  await service.sql(
    `UPDATE cancellation SET created_at = created_at - ${ago}, resolved_at = resolved_at - ${ago}`,
  );
  await service.sql(`UPDATE cancellation_event SET at = at - ${ago}`);
  await service.sql(`UPDATE webhook_event SET received_at = received_at - ${ago}`);
}

async function ask(query: string, variables: object): Promise<any> {
  const { data, errors } = await service.graphql(query, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

const ONE = `query ($id: ID!) { cancellation(id: $id) { ${CANCELLATION_FIELDS} archivedAt } }`;
const PAGE = `query ($after: String) {
  cancellations(first: 2, after: $after) { totalCount edges { cursor node { id } } pageInfo { endCursor hasNextPage } }
}`;
const ORDER = `query ($orderNo: String!) {
  order(orderNo: $orderNo) {
    cancelledTotal inDoubtTotal lines { seq itemId cancelledQuantity cancelledAmount } cancellations { edges { node { id } } }
  }
}`;

describe("npm run retention", () => {
  test("moves what hangs on old cancellations, and says so; ids, cursors, totals and keys stand, and EBP receives nothing", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const made = [
      await cancelled({ orderNo }),
      await cancelled({ orderNo }),
      await rejected(),
      await rejected(),
    ];
    await letAllAge();
    const then = {
      ones: await Promise.all(made.map(({ id }) => ask(ONE, { id }))),
      first: (await ask(PAGE, {})).cancellations,
      order: await ask(ORDER, { orderNo }),
    };
    const next = (await ask(PAGE, { after: then.first.pageInfo.endCursor })).cancellations;
    const folder = await newFolder();
    const running = retention(folder);
    expect([await running.ended, running.stderr]).toEqual([0, ""]);
    expect(running.stdout).toMatch(
      /^Older than \S+Z:\ncancellations of SIM-KR: 4 archived in 1 file, \d+ bytes as \d+\.\n/u,
    );
    const [file = ""] = await filesIn(folder);
    expect(file).toMatch(/^cancellations-SIM-KR-\d{8}T\d{6}Z-\d{8}T\d{6}Z-1\.ndjson\.gz$/u);
    expect(running.stdout).toContain(join(folder, file));

    for (const [n, { id }] of made.entries()) {
      const { cancellation } = await ask(ONE, { id });
      const before = then.ones[n].cancellation;
      const failure = before.failure === null ? null : { ...before.failure, details: [] };
      expect(cancellation).toEqual({
        ...before,
        failure,
        events: [],
        note: null,
        refundAccount: null,
        archivedAt: expect.any(String),
      });
    }
    expect((await ask(PAGE, { after: then.first.pageInfo.endCursor })).cancellations).toEqual(next);
    expect((await ask(PAGE, {})).cancellations).toEqual(then.first);
    expect(await ask(ORDER, { orderNo })).toEqual(then.order);
    for (const { id, input } of made) {
      const sent = service.simulator.ledger.received(input.orderNo).length;
      const other = { ...ACCOUNT, accountNumber: "0012345678902" };
      expect(await cancel(service, input)).toMatchObject({ replayed: true, cancellation: { id } });
      expect((await cancel(service, { ...input, refundAccount: other })).replayed).toBe(true);
      expect((await cancel(service, { ...input, note: "another" })).userErrors).toMatchObject([
        { code: "IDEMPOTENCY_KEY_REUSED", cancellationId: id },
      ]);
      expect(service.simulator.ledger.received(input.orderNo)).toHaveLength(sent);
    }
  });

  test("says in a dry run what it would do, and does nothing", async () => {
    await rejected();
    await letAllAge();
    const folder = await newFolder();
    const running = retention(folder, "--dry-run");
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(
      /cancellations of SIM-KR: 1 would be archived, with \d+ bytes that are sealed\.\n$/u,
    );
    expect(await readdir(folder)).toEqual([]);
    expect(await service.sql("SELECT FROM cancellation WHERE archived_at IS NOT NULL")).toEqual([]);
  });

  test("has nothing to do where nothing is old enough", async () => {
    await cancelled();
    const folder = await newFolder();
    const running = retention(folder);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(/^Older than \S+Z:\nnothing to be archived\.\n$/u);
    expect(await readdir(folder)).toEqual([]);
  });

  test("stops before it removes anything when the disk takes no more, says why, and ends with 1", async () => {
    for (let n = 0; n < 8; n += 1) await rejected();
    await letAllAge();
    const folder = await newFolder();
    const child = spawn(
      "bash",
      [
        ...["-c", 'ulimit -f 1; exec "$0" "$@"', process.execPath],
        ...FROM_SOURCES,
        "src/commands/retention.ts",
        ...["--older-than-months", String(MONTHS), "--to", folder],
      ],
      { env: { PATH: process.env["PATH"], ...settings() }, stdio: ["ignore", "pipe", "inherit"] },
    );
    let written = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (written += text));
    expect((await once(child, "close"))[0]).toBe(1);
    expect(written).toMatch(
      /writing \S+\.partial: the file would be larger than it may be \(EFBIG\)\. Nothing of that file was removed from the database\.\n$/u,
    );
    expect(await readdir(folder)).toEqual([]);
    expect(await service.sql("SELECT FROM cancellation WHERE archived_at IS NOT NULL")).toEqual([]);
    expect(await service.sql("SELECT FROM cancellation_event")).toHaveLength(16);
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "on %s it finishes the file it is at, and ends with 1",
    async (signal) => {
      await rejected();
      await letAllAge();
      const folder = await newFolder();
      const holder = new pg.Client({ connectionString: service.databaseUrl });
      await holder.connect();
      await holder.query("BEGIN; LOCK TABLE cancellation IN EXCLUSIVE MODE");
      const running = retention(folder);
      try {
        await until(
          async () =>
            (
              await service.sql(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
              )
            ).length > 0,
        );
        running.kill(signal);
        const second = retention(folder);
        expect(await second.ended).toBe(1);
        expect(second.stderr).toBe("Another run of it is at work on this database. Nothing was done.\n");
      } finally {
        await holder.query("ROLLBACK");
        await holder.end();
      }
      expect(await running.ended).toBe(1);
      expect(running.stdout).toContain("cancellations of SIM-KR: 1 archived in 1 file");
      expect(running.stdout).toMatch(
        /Stopped before the end\. Run it again: it goes on with what is left\.\n$/u,
      );
      expect(await retention(folder).ended).toBe(0);
    },
  );

  test.each([
    ["no months", ["--to", "x"], "--older-than-months: expected 13 to 1200 months, found nothing"],
    ["too few months", ["--to", "x", "--older-than-months", "12"], 'found "12"'],
    ["months that are none", ["--to", "x", "--older-than-months", "-1e3"], "argument"],
    ["no folder", ["--older-than-months", "13"], "--to: expected a folder, found nothing"],
    ["an unknown word", ["--older-than-months", "13", "--to", "x", "--force"], "Unknown option '--force'"],
  ])("%s is answered with what is wrong", (_what, words, message) => {
    expect(() => readRetentionOptions(words)).toThrow(message);
  });

  test("takes the fewest months there may be", () => {
    const words = ["--older-than-months", String(LEAST_MONTHS_KEPT), "--to", "x"];
    expect(readRetentionOptions(words)).toEqual({ olderThanMonths: 13, folder: "x", isDryRun: false });
    expect(readRetentionOptions(["--help"])).toBeNull();
  });
});

describe("npm run evidence", () => {
  test("says since when what EBP said is in an archive, and opens it from there", async () => {
    const { id, input } = await rejected();
    const body = webhookBody("PAYMENT_CAPTURED", input.orderNo, 1000);
    await deliver(service, body);
    await letAllAge();
    const folder = await newFolder();
    expect(await retention(folder).ended).toBe(0);
    const [answers = "", webhooks = ""] = await filesIn(folder);

    const without = run("evidence", id);
    expect([await without.ended, without.stdout]).toEqual([0, ""]);
    expect(without.stderr).toMatch(/was moved to an archive: .* to a file cancellations-<store>-/u);
    const opened = run("evidence", id, "--archive", join(folder, answers));
    expect([await opened.ended, opened.stderr]).toEqual([0, ""]);
    expect(opened.stdout).toMatch(/^\S+Z RESPONSE\n\{.*EBP-C-0010/su);
    const told = run("evidence", id, "--archive", join(folder, webhooks));
    expect([await told.ended, told.stderr]).toEqual([0, ""]);
    expect(told.stdout).toContain(`PAYMENT_CAPTURED\n${body}`);
  });

  test("says that a file is not there, or is another", async () => {
    const { id } = await rejected();
    const folder = await newFolder();
    const absent = run("evidence", id, "--archive", join(folder, "absent.ndjson.gz"));
    expect(await absent.ended).toBe(1);
    expect(absent.stderr).toMatch(
      /^ArchiveError: reading \S+absent\.ndjson\.gz: there is no such file \(ENOENT\)\n$/u,
    );
  });
});
