// node bench/retention.mjs [cancellations]: what a database takes before and after half of it was archived, and how fast that goes.
import "../scripts/register-typescript.mjs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";

const CANCELLATIONS = Number(process.argv[2] ?? 100_000);
const MONTHS = 24;
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
const TABLES = [
  "cancellation",
  "cancellation_item",
  "cancellation_event",
  "webhook_event",
  "cancelled_order",
];

const { applyMigrations } = await import("../src/persistence/migrations.ts");
const { createPrisma } = await import("../src/persistence/prisma.ts");
const { retain } = await import("../src/persistence/retention/retain.ts");

await withTemporaryDatabase(async (databaseUrl) => {
  await applyMigrations({ url: databaseUrl, directory: MIGRATIONS, log: () => undefined });
  const folder = await mkdtemp(join(tmpdir(), "retention-"));
  const client = new pg.Client({ connectionString: databaseUrl });
  const prisma = createPrisma(databaseUrl);
  await client.connect();
  try {
    await seed(client);
    // Rewritten, so that what is compared with it is not what a load leaves behind.
    const before = await sizes(client, "VACUUM FULL ANALYZE");
    const start = performance.now();
    const result = await retain({ prisma, databaseUrl, olderThanMonths: MONTHS, folder });
    const seconds = (performance.now() - start) / 1_000;
    const vacuumed = await sizes(client, "VACUUM ANALYZE");
    const rewritten = await sizes(client, "VACUUM FULL ANALYZE");
    printRun(result, seconds);
    printSizes(before, vacuumed, rewritten);
  } finally {
    await prisma.$disconnect();
    await client.end();
    await rm(folder, { recursive: true });
  }
});

/** As of twice as many months as are kept, evenly; each with three items, three events and an answer, every other with an account. */
async function seed(client) {
  const random = (bytes) =>
    `(SELECT decode(string_agg(md5(random()::text || n || part), ''), 'hex') FROM generate_series(1, ${bytes / 16}) part)`;
  await client.query(
    `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, settlement, resolved_by, currency_code,
       amount_basis, total_cancel_amount, bank_code, account_last_four, account_holder_masked, refund_account_sealed,
       refund_account_key_id, reason, note, requested_by, return_request_id, ebp_request_id, processed_count, total_product_amount,
       created_at, sent_at, resolved_at, answered_at, event_count)
     SELECT 'SIM-KR', gen_random_uuid(), 'ORD-' || n, gen_random_uuid()::text, encode(sha256(n::text::bytea), 'hex'), 'SUCCEEDED',
       'REFUND_REQUESTED', 'RESPONSE', 'KRW', 'unit', 106000, CASE WHEN n % 2 = 0 THEN '001' END, CASE WHEN n % 2 = 0 THEN '7890' END,
       CASE WHEN n % 2 = 0 THEN 'J** D**' END, CASE WHEN n % 2 = 0 THEN ${random(112)} END, CASE WHEN n % 2 = 0 THEN '2026' END,
       'Customer changed their mind', CASE WHEN n % 4 = 0 THEN repeat('note ', 20) END, 'front-end', 'RETREQ' || n, 'REQ-' || n, 3, 100000,
       moment, moment, moment + interval '1 second', moment + interval '1 second', 3
     FROM generate_series(1, $1) n, LATERAL (
       SELECT now() - make_interval(months => $2) - (n - $1 / 2) * make_interval(months => $2) / ($1 / 2) * 0.999 AS moment
     ) AS time`,
    [CANCELLATIONS, MONTHS],
  );
  await client.query(
    "INSERT INTO cancelled_order SELECT store_id, order_no, total_cancel_amount FROM cancellation",
  );
  await client.query(
    `INSERT INTO cancellation_item (store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at)
     SELECT store_id, id, seq, 'PHYSICAL', 'P' || seq, 1, 35333, 3533, 35333, created_at FROM cancellation, generate_series(1, 3) seq`,
  );
  await client.query(
    `INSERT INTO cancellation_event (store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
       answer_key_id)
     SELECT store_id, id, n, resolved_at, 'PENDING', 'SUCCEEDED', 'RESPONSE', 'front-end', $1::jsonb,
       CASE WHEN n = 2 THEN ${random(704)} END, CASE WHEN n = 2 THEN '2026' END
     FROM cancellation, generate_series(1, 3) n`,
    [
      JSON.stringify({
        basis: "EBP says that it accepted the cancel.",
        httpStatus: 200,
        resultCode: "0",
        requestId: "REQ-1",
        timestamp: "2026-11-22T07:56:17.642Z",
        digest: "0".repeat(64),
      }),
    ],
  );
}

async function sizes(client, vacuum) {
  await client.query(vacuum);
  const { rows } = await client.query(
    `SELECT oid::regclass::text AS name, pg_table_size(oid) AS bytes FROM unnest($1::regclass[]) AS relation (oid)
     UNION ALL
     SELECT '— ' || indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index WHERE indrelid = ANY($1::regclass[])`,
    [TABLES],
  );
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

function printRun({ archived }, seconds) {
  const [{ moved, files, bytes, fileBytes }] = archived;
  console.log(
    `${moved} of ${CANCELLATIONS} cancellations archived in ${seconds.toFixed(0)} s, ${(moved / seconds).toFixed(0)} a second, on Node ` +
      `${process.versions.node}: ${files.length} files, ${megabytes(fileBytes)} MB, of ${megabytes(bytes)} MB of lines.\n`,
  );
}

function printSizes(before, vacuumed, rewritten) {
  const sum = (sizes) => [...sizes.values()].reduce((total, bytes) => total + bytes, 0);
  const lines = [...before.keys()].map((name) => [
    name,
    before.get(name),
    vacuumed.get(name),
    rewritten.get(name),
  ]);
  lines.push(["all", sum(before), sum(vacuumed), sum(rewritten)]);
  const head = ["MB", "before", "after, and VACUUM", "after VACUUM FULL"];
  const cells = lines.map(([name, ...bytes]) => [name, ...bytes.map(megabytes)]);
  for (const row of [head, head.map(() => "---"), ...cells]) console.log(`| ${row.join(" | ")} |`);
}

function megabytes(bytes) {
  return (bytes / 1_000_000).toFixed(1);
}
