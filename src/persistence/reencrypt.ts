import {
  answerAbout,
  bodyOfWebhook,
  type BoundTo,
  DecryptionError,
  type Encrypted,
  type Encryptor,
  refundAccountOf,
} from "./encryptor.js";
import { Prisma, type PrismaClient } from "./generated/client.js";

/** A table with encrypted data. */
interface EncryptedTable {
  readonly name: string;
  /** The columns of its primary key, one of which is `store_id`, each with its type. */
  readonly key: Readonly<Record<string, string>>;
  readonly column: string;
  readonly keyIdColumn: string;
  readonly boundTo: (key: readonly string[]) => BoundTo;
}

/** Every encrypted column. One that is missing here would keep an old key needed forever, unseen. */
const ENCRYPTED_TABLES: readonly EncryptedTable[] = [
  {
    name: "cancellation",
    key: { store_id: "text", id: "uuid" },
    column: "refund_account_sealed",
    keyIdColumn: "refund_account_key_id",
    boundTo: ([storeId = "", id = ""]) => refundAccountOf({ storeId, id }),
  },
  {
    name: "cancellation_event",
    key: { store_id: "text", cancellation_id: "uuid", number: "integer" },
    column: "answer_sealed",
    keyIdColumn: "answer_key_id",
    boundTo: ([storeId = "", id = ""]) => answerAbout({ storeId, id }),
  },
  {
    name: "webhook_event",
    key: { digest: "text", store_id: "text" },
    column: "body_sealed",
    keyIdColumn: "body_key_id",
    boundTo: ([digest = ""]) => bodyOfWebhook(digest),
  },
];

/** Each statement takes milliseconds. EBP's answers have up to a megabyte. */
const PAGE_ROWS = 50;
/**
 * The second walk finds rows that were busy, or were encrypted with an older key behind the first one. When even the last finds some, a
 * running service still encrypts with an older key.
 */
const MAX_WALKS = 4;
/** Of rows that cannot be decrypted, this many are named. */
const MAX_NAMED = 100;

export interface ReencryptOptions {
  readonly prisma: PrismaClient;
  readonly encryptor: Encryptor;
  readonly pageRows?: number;
  /** After each page; `total` is an estimate. */
  readonly onPage?: (table: string, seen: number, total: number) => void;
  /** Asked before each page. */
  readonly isStopping?: () => boolean;
}

export interface Reencryption {
  /**
   * - done: in the last walk there was nothing to move, and every row but the unopenable ones was decrypted.
   * - stopped: on the way; more may be left than is counted here.
   * - restless: rows that were busy, or newly encrypted with an older key, kept turning up.
   */
  readonly end: "done" | "stopped" | "restless";
  readonly moved: number;
  /** How many rows are encrypted with which key now. */
  readonly keys: readonly { readonly table: string; readonly keyId: string; readonly rows: number }[];
  readonly unopenable: number;
  /** The first of those, and why. Nothing of their content. */
  readonly told: readonly string[];
}

/** What one walk through all tables has found. */
interface Walk {
  moved: number;
  /** Rows that another process was writing, or has encrypted anew meanwhile. */
  busy: number;
  unopenable: number;
  readonly told: string[];
}
const newWalk = (): Walk => ({ moved: 0, busy: 0, unopenable: 0, told: [] });

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

/**
 * Encrypts everything with the newest key, then decrypts everything once more: only after that may an old key go. Safe beside running
 * services and other runs. After a stop or a kill, the next run goes on.
 * @throws when the newest key is not the one that services encrypt with under its id.
 */
export async function reencrypt(options: ReencryptOptions): Promise<Reencryption> {
  for (const table of ENCRYPTED_TABLES) await assertNewestKey(options, table);
  let moved = 0;
  for (let walks = 1; ; walks += 1) {
    const walk = newWalk();
    for (const table of ENCRYPTED_TABLES) await walkThrough(options, table, walk);
    moved += walk.moved;
    const isDone = walk.moved + walk.busy === 0;
    const end = options.isStopping?.() === true ? "stopped" : isDone ? "done" : "restless";
    const { unopenable, told } = walk;
    if (end !== "restless" || walks === MAX_WALKS)
      return { end, moved, keys: await countKeys(options.prisma), unopenable, told };
  }
}

/** With another key under the newest id, everything would be moved to where no service can decrypt it. */
async function assertNewestKey(
  { prisma, encryptor }: ReencryptOptions,
  table: EncryptedTable,
): Promise<void> {
  const { name, keyIdColumn } = table;
  const rows = await prisma.$queryRaw<Row[]>`
    SELECT ${columnsOf(table)} FROM ${Prisma.raw(name)}
    WHERE ${Prisma.raw(keyIdColumn)} = ${encryptor.newestKeyId} LIMIT ${PAGE_ROWS}`;
  if (rows.length === 0 || rows.some((row) => reencryptRow(encryptor, table, row, newWalk()).length > 0))
    return;
  throw new Error(
    `The first of DATA_ENCRYPTION_KEYS, "${encryptor.newestKeyId}", is not the key that encrypted ${name} under this id. Nothing was moved.`,
  );
}

/** By primary key, whatever their key: each statement reads one page, however few rows are left to move. */
async function walkThrough(options: ReencryptOptions, table: EncryptedTable, walk: Walk): Promise<void> {
  const { prisma, encryptor, pageRows = PAGE_ROWS, onPage, isStopping } = options;
  const [estimate] = await prisma.$queryRaw<{ rows: number }[]>`
    SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = ${table.name}::regclass`;
  const key = Prisma.raw(Object.keys(table.key).join(", "));
  let after: readonly string[] | undefined;
  let seen = 0;
  let isLast = false;
  while (!isLast && isStopping?.() !== true) {
    const rows: Row[] = await prisma.$queryRaw<Row[]>(Prisma.sql`
      /* reencrypt: page */
      SELECT ${columnsOf(table)} FROM ${Prisma.raw(table.name)}
      WHERE ${after === undefined ? Prisma.sql`true` : Prisma.sql`(${key}) > (${valuesOf(table, after)})`}
      ORDER BY ${key} LIMIT ${pageRows}`);
    const all = rows.flatMap((row) => reencryptRow(encryptor, table, row, walk));
    const old = all.filter(({ before }) => before !== encryptor.newestKeyId);
    let moved = 0;
    for (const [storeId, ofStore] of byStore(table, old))
      moved += await prisma.$executeRaw(move(table, storeId, ofStore));
    walk.moved += moved;
    walk.busy += old.length - moved;
    seen += rows.length;
    onPage?.(table.name, seen, Math.max(seen, estimate?.rows ?? 0));
    // Rows that come in behind the end do not keep it going.
    isLast = rows.length < pageRows;
    after = rows.at(-1)?.key;
  }
}

async function countKeys(prisma: PrismaClient): Promise<Reencryption["keys"]> {
  const counts = ENCRYPTED_TABLES.map(({ name, keyIdColumn }) => {
    const key = Prisma.raw(keyIdColumn);
    return prisma.$queryRaw<Reencryption["keys"]>`
      SELECT ${name} AS table, ${key} AS "keyId", count(*)::integer AS rows FROM ${Prisma.raw(name)}
      WHERE ${key} IS NOT NULL GROUP BY ${key} ORDER BY ${key}`;
  });
  return (await Promise.all(counts)).flat();
}

/** Also rows with the newest key: an older one may go only when they decrypt. */
function reencryptRow(encryptor: Encryptor, table: EncryptedTable, row: Row, walk: Walk): Reencrypted[] {
  const { key, key_id: before, encrypted: bytes } = row;
  if (before === null || bytes === null) return [];
  const boundTo = table.boundTo(key);
  try {
    const plain = encryptor.decrypt({ keyId: before, bytes }, boundTo);
    return [{ key, before, after: encryptor.encrypt(plain, boundTo) }];
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    walk.unopenable += 1;
    if (walk.told.length < MAX_NAMED) walk.told.push(`${table.name} ${key.join(" ")}: ${error.message}`);
    return [];
  }
}

function columnsOf({ key, column, keyIdColumn }: EncryptedTable): Prisma.Sql {
  const texts = Object.keys(key).map((name) => `${name}::text`);
  return Prisma.raw(`ARRAY[${texts.join(", ")}] AS key, ${keyIdColumn} AS key_id, ${column} AS encrypted`);
}

/** Each statement writes rows of one store. */
function byStore(table: EncryptedTable, rows: readonly Reencrypted[]): Map<string, Reencrypted[]> {
  const place = Object.keys(table.key).indexOf("store_id");
  const stores = new Map<string, Reencrypted[]>();
  for (const row of rows) {
    const storeId = row.key[place] ?? "";
    stores.set(storeId, [...(stores.get(storeId) ?? []), row]);
  }
  return stores;
}

/** Leaves alone what was encrypted anew since it was read, and what another process is writing: it waits for nobody. */
function move(table: EncryptedTable, storeId: string, rows: readonly Reencrypted[]): Prisma.Sql {
  const names = Object.keys(table.key);
  const key = Prisma.raw(names.join(", "));
  const [name, bytes, keyId] = [table.name, table.column, table.keyIdColumn].map((text) => Prisma.raw(text));
  const values = rows.map(
    (row) =>
      Prisma.sql`(${valuesOf(table, row.key)}, ${row.before}::text, ${row.after.keyId}::text, ${row.after.bytes}::bytea)`,
  );
  return Prisma.sql`
    /* reencrypt: move */
    WITH fresh (${key}, before, after_key_id, after_bytes) AS (VALUES ${Prisma.join(values)}), locked AS (
      SELECT fresh.* FROM ${name} AS old JOIN fresh USING (${key})
      WHERE old.store_id = ${storeId} AND old.${keyId} = before
      FOR NO KEY UPDATE OF old SKIP LOCKED
    )
    UPDATE ${name} AS target SET ${bytes} = after_bytes, ${keyId} = after_key_id
    FROM locked
    WHERE target.store_id = ${storeId} AND ${Prisma.raw(names.map((column) => `target.${column} = locked.${column}`).join(" AND "))}`;
}

function valuesOf({ key }: EncryptedTable, values: readonly string[]): Prisma.Sql {
  return Prisma.join(
    Object.values(key).map((type, index) => Prisma.sql`${values[index]}::${Prisma.raw(type)}`),
  );
}
