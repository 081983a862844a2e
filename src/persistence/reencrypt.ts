import { DecryptionError, type Encrypted, type Encryptor } from "./encryptor.js";
import { Prisma, type PrismaClient } from "./generated/client.js";

/** A table with encrypted data. */
interface EncryptedTable {
  readonly name: string;
  /** The columns of its primary key, each with its type. */
  readonly key: readonly (readonly [column: string, type: string])[];
  readonly column: string;
  readonly keyIdColumn: string;
  /** @throws DecryptionError */
  readonly reencrypt: (encryptor: Encryptor, encrypted: Encrypted, key: readonly string[]) => Encrypted;
}

/** Every encrypted column. One that is missing here would keep an old key needed forever, unseen. */
const ENCRYPTED_TABLES: readonly EncryptedTable[] = [
  {
    name: "cancellation",
    key: [
      ["store_id", "text"],
      ["id", "uuid"],
    ],
    column: "refund_account_sealed",
    keyIdColumn: "refund_account_key_id",
    reencrypt: (encryptor, encrypted, [storeId = "", id = ""]) =>
      encryptor.reencryptAccount(encrypted, { storeId, id }),
  },
  {
    name: "cancellation_event",
    key: [
      ["store_id", "text"],
      ["cancellation_id", "uuid"],
      ["number", "integer"],
    ],
    column: "answer_sealed",
    keyIdColumn: "answer_key_id",
    reencrypt: (encryptor, encrypted, [storeId = "", id = ""]) =>
      encryptor.reencryptAnswer(encrypted, { storeId, id }),
  },
  {
    name: "webhook_event",
    key: [["digest", "text"]],
    column: "body_sealed",
    keyIdColumn: "body_key_id",
    reencrypt: (encryptor, encrypted, [digest = ""]) => encryptor.reencryptWebhook(encrypted, digest),
  },
];

/** Each statement takes milliseconds. EBP's answers have up to a megabyte: by their bytes, a page holds a few of them. */
const PAGE = { rows: 500, bytes: 8 * 1024 * 1024 };
/**
 * The second walk finds rows that were busy, or were encrypted with an older key behind the first one. When even the last finds some, a
 * running service still encrypts with an older key, and would forever.
 */
const MAX_WALKS = 4;
/** Of rows that cannot be decrypted, this many are named. */
const MAX_NAMED = 100;

export interface ReencryptOptions {
  readonly prisma: PrismaClient;
  readonly encryptor: Encryptor;
  /** At least one row, however large. */
  readonly page?: { readonly rows: number; readonly bytes: number };
  /** After each page; `total` is an estimate. */
  readonly onPage?: (table: string, seen: number, total: number) => void;
  /** Asked before each page. */
  readonly isStopping?: () => boolean;
}

/** What one walk through a table has found. */
interface Walk {
  readonly name: string;
  /** How many rows are encrypted with which key now. */
  readonly byKeyId: Map<string, number>;
  moved: number;
  /** Rows that another process was writing, or has encrypted anew meanwhile. */
  busy: number;
  unopenable: number;
  /** The first of those, and why. Nothing of their content. */
  readonly told: string[];
}

export interface Reencryption {
  /**
   * - done: in the last walk there was nothing to move, and every row but the unopenable ones was decrypted.
   * - stopped: on the way; more may be left than is counted here.
   * - restless: rows that were busy, or newly encrypted with an older key, kept turning up.
   */
  readonly end: "done" | "stopped" | "restless";
  readonly moved: number;
  readonly tables: readonly Pick<Walk, "name" | "byKeyId">[];
  readonly busy: number;
  readonly unopenable: number;
  readonly told: readonly string[];
}

/**
 * Encrypts everything with the newest key, then decrypts everything once more: only after that may an old key go. Safe beside running
 * services and other runs; stopped at any point, the next run goes on.
 * @throws when the newest key is not the one that services encrypt with under its id.
 */
export async function reencrypt(options: ReencryptOptions): Promise<Reencryption> {
  for (const table of ENCRYPTED_TABLES) await assertNewestKey(options, table);
  let moved = 0;
  for (let walks = 1; ; walks += 1) {
    const tables: Walk[] = [];
    for (const table of ENCRYPTED_TABLES) tables.push(await walk(options, table));
    const sum = (what: "moved" | "busy" | "unopenable"): number =>
      tables.reduce((total, { [what]: count }) => total + count, 0);
    moved += sum("moved");
    const isStopped = options.isStopping?.() === true;
    const isDone = sum("moved") + sum("busy") === 0;
    if (isStopped || isDone || walks === MAX_WALKS) {
      const end = isStopped ? "stopped" : isDone ? "done" : "restless";
      const told = tables.flatMap((one) => one.told);
      return { end, moved, tables, busy: sum("busy"), unopenable: sum("unopenable"), told };
    }
  }
}

/** With another key under the newest id, everything would be moved to where no service can decrypt it. The last rows show it. */
async function assertNewestKey(options: ReencryptOptions, table: EncryptedTable): Promise<void> {
  const { prisma, encryptor, page = PAGE } = options;
  const last = await prisma.$queryRaw<Row[]>(pageStatement(table, "backward", page));
  const newest = last.filter(({ key_id }) => key_id === encryptor.newestKeyId);
  const scrap = newWalk(table);
  if (newest.length === 0 || newest.some((row) => reencryptRow(encryptor, table, row, scrap).length > 0))
    return;
  throw new Error(
    `The first of DATA_ENCRYPTION_KEYS, "${encryptor.newestKeyId}", is not the key that encrypted ${table.name} under this id. Nothing was moved.`,
  );
}

function newWalk({ name }: EncryptedTable): Walk {
  return { name, byKeyId: new Map(), moved: 0, busy: 0, unopenable: 0, told: [] };
}

/** Goes once through the rows that are there now, by primary key: rows that come in behind its end do not keep it going. */
async function walk(options: ReencryptOptions, table: EncryptedTable): Promise<Walk> {
  const { prisma, page = PAGE, onPage, isStopping } = options;
  const found = newWalk(table);
  const [end] = await prisma.$queryRaw<Row[]>(pageStatement(table, "backward", { ...page, rows: 1 }));
  if (end === undefined) return found;
  const [estimate] = await prisma.$queryRaw<{ rows: number }[]>(
    Prisma.sql`SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = ${table.name}::regclass`,
  );
  let seen = 0;
  for (let after: readonly string[] | null = null; isStopping?.() !== true;) {
    const rows: Row[] = await prisma.$queryRaw<Row[]>(pageStatement(table, { after, upTo: end.key }, page));
    after = rows.at(-1)?.key ?? null;
    if (after === null) break;
    await movePage(options, table, rows, found);
    seen += rows.length;
    onPage?.(table.name, seen, Math.max(seen, estimate?.rows ?? 0));
  }
  return found;
}

async function movePage(
  { prisma, encryptor }: ReencryptOptions,
  table: EncryptedTable,
  rows: readonly Row[],
  found: Walk,
): Promise<void> {
  const all = rows.flatMap((row) => reencryptRow(encryptor, table, row, found));
  const old = all.filter(({ before }) => before !== encryptor.newestKeyId);
  const moved =
    old.length === 0 ? [] : await prisma.$queryRaw<{ before: string }[]>(moveStatement(table, old));
  found.moved += moved.length;
  found.busy += old.length - moved.length;
  for (const { before } of all) count(found.byKeyId, before, 1);
  for (const { before } of moved) count(found.byKeyId, before, -1);
  count(found.byKeyId, encryptor.newestKeyId, moved.length);
}

/** Also rows with the newest key: an older one may go only when they decrypt. */
function reencryptRow(encryptor: Encryptor, table: EncryptedTable, row: Row, found: Walk): Reencrypted[] {
  const { key, key_id: before, encrypted: bytes } = row;
  if (before === null || bytes === null) return [];
  try {
    return [{ key, before, after: table.reencrypt(encryptor, { keyId: before, bytes }, key) }];
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    count(found.byKeyId, before, 1);
    found.unopenable += 1;
    if (found.told.length < MAX_NAMED) found.told.push(`${table.name} ${key.join(" ")}: ${error.message}`);
    return [];
  }
}

function count(counts: Map<string, number>, keyId: string, more: number): void {
  const sum = (counts.get(keyId) ?? 0) + more;
  if (sum === 0) counts.delete(keyId);
  else counts.set(keyId, sum);
}

interface Row {
  /** Its primary key, as texts. */
  readonly key: readonly string[];
  /** Null, like `encrypted`, when the row has no encrypted data. */
  readonly key_id: string | null;
  readonly encrypted: Uint8Array<ArrayBuffer> | null;
}

interface Reencrypted {
  readonly key: readonly string[];
  /** The id of the key that it was encrypted with when it was read. */
  readonly before: string;
  readonly after: Encrypted;
}

/** The next rows by primary key, whatever their key: each statement reads one page, however few rows are left to move. Backward: the last ones. */
function pageStatement(
  table: EncryptedTable,
  span: { readonly after: readonly string[] | null; readonly upTo: readonly string[] } | "backward",
  page: { readonly rows: number; readonly bytes: number },
): Prisma.Sql {
  const columns = table.key.map(([column]) => column);
  const key = Prisma.raw(columns.join(", "));
  const order = Prisma.raw(
    columns.map((column) => `${column} ${span === "backward" ? "DESC" : "ASC"}`).join(", "),
  );
  const texts = Prisma.raw(columns.map((column) => `${column}::text`).join(", "));
  const bytes = Prisma.raw(table.column);
  const bounds = span === "backward" ? [] : [Prisma.sql`(${key}) <= (${valuesOf(table, span.upTo)})`];
  if (span !== "backward" && span.after !== null)
    bounds.push(Prisma.sql`(${key}) > (${valuesOf(table, span.after)})`);
  return Prisma.sql`
    /* reencrypt: page */
    SELECT key, key_id, encrypted FROM (
      SELECT
        ARRAY[${texts}] AS key, ${Prisma.raw(table.keyIdColumn)} AS key_id, ${bytes} AS encrypted,
        row_number() OVER page AS position, coalesce(sum(octet_length(${bytes})) OVER page, 0) AS bytes
      FROM ${Prisma.raw(table.name)}
      WHERE ${bounds.length === 0 ? Prisma.sql`true` : Prisma.join(bounds, " AND ")}
      WINDOW page AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
      ORDER BY ${order}
      LIMIT ${page.rows}
    ) AS page
    WHERE position = 1 OR bytes <= ${page.bytes}
    ORDER BY position`;
}

/**
 * Stores the new bytes, and returns for each row that was moved the key that it had. Leaves alone what was encrypted anew since it was
 * read, and what another process is writing: it waits for nobody, so it blocks nobody for longer than it takes.
 */
function moveStatement(table: EncryptedTable, rows: readonly Reencrypted[]): Prisma.Sql {
  const columns = table.key.map(([column]) => column);
  const key = Prisma.raw(columns.join(", "));
  const [name, bytes, keyId] = [table.name, table.column, table.keyIdColumn].map((text) => Prisma.raw(text));
  const values = rows.map(
    (row) =>
      Prisma.sql`(${valuesOf(table, row.key)}, ${row.before}::text, ${row.after.keyId}::text, ${row.after.bytes}::bytea)`,
  );
  return Prisma.sql`
    /* reencrypt: move */
    WITH fresh (${key}, before, after_key_id, after_bytes) AS (VALUES ${Prisma.join(values)}), locked AS (
      SELECT fresh.* FROM ${name} AS old JOIN fresh USING (${key})
      WHERE old.${keyId} = before
      FOR NO KEY UPDATE OF old SKIP LOCKED
    )
    UPDATE ${name} AS target SET ${bytes} = after_bytes, ${keyId} = after_key_id
    FROM locked
    WHERE ${Prisma.raw(columns.map((column) => `target.${column} = locked.${column}`).join(" AND "))}
    RETURNING before`;
}

function valuesOf({ key }: EncryptedTable, values: readonly string[]): Prisma.Sql {
  return Prisma.join(key.map(([, type], index) => Prisma.sql`${values[index]}::${Prisma.raw(type)}`));
}
