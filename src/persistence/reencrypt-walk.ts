import type { PrismaClient } from "./generated/client.js";
import {
  estimateStatement,
  moveStatement,
  pageStatement,
  type MovedRow,
  type PageSize,
  type Reencrypted,
  type EncryptedRecord,
} from "./reencrypt-statements.js";
import type { EncryptedTable } from "./encrypted-tables.js";
import { DecryptionError, type Encryptor } from "./encryptor.js";

/** Told one by one; of more, only how many. */
const MAX_TOLD = 100;

export interface WalkParts {
  readonly prisma: PrismaClient;
  readonly encryptor: Encryptor;
  readonly page: PageSize;
  /** After each page: `total` is an estimate. */
  readonly onPage: (table: string, seen: number, total: number) => void;
  /** Query before each page; what has been moved until then stays moved. */
  readonly isStopping: () => boolean;
}

/** What one walk through a table has come to. */
export interface Walk {
  readonly name: string;
  /** How many rows are encrypted with which key now. */
  readonly byKeyId: Map<string, number>;
  moved: number;
  /** Rows that somebody else was writing, or has encrypted otherwise meanwhile. */
  busy: number;
  unopenable: number;
  /** Which those are, and why; the first of them. Nothing of their content. */
  readonly told: string[];
}

export class WrongKeyError extends Error {
  override readonly name = "WrongKeyError";
}

function newWalk(name: string): Walk {
  return { name, byKeyId: new Map(), moved: 0, busy: 0, unopenable: 0, told: [] };
}

/** Goes once through what is there now, by primary key, page by page: what comes in behind its end does not keep it going. */
export async function walk(parts: WalkParts, table: EncryptedTable): Promise<Walk> {
  const { prisma, page: size, onPage, isStopping } = parts;
  const done = newWalk(table.name);
  const [end] = await prisma.$queryRaw<EncryptedRecord[]>(
    pageStatement(table, "backward", { ...size, rows: 1 }),
  );
  if (end === undefined) return done;
  const [estimate] = await prisma.$queryRaw<{ rows: number }[]>(estimateStatement(table));
  let seen = 0;
  for (let last: readonly string[] | null = null; !isStopping();) {
    const page: EncryptedRecord[] = await prisma.$queryRaw(
      pageStatement(table, { after: last, upTo: end.key }, size),
    );
    last = page.at(-1)?.key ?? null;
    if (last === null) break;
    await movePage(parts, table, page, done);
    seen += page.length;
    onPage(table.name, seen, Math.max(seen, estimate?.rows ?? 0));
  }
  return done;
}

async function movePage(
  { prisma, encryptor }: WalkParts,
  table: EncryptedTable,
  page: readonly EncryptedRecord[],
  done: Walk,
): Promise<void> {
  const reencrypted = page.flatMap((record) => reencrypt(encryptor, table, record, done));
  const old = reencrypted.filter(({ before }) => before !== encryptor.newestKeyId);
  const moved = old.length === 0 ? [] : await prisma.$queryRaw<MovedRow[]>(moveStatement(table, old));
  done.moved += moved.length;
  done.busy += old.length - moved.length;
  for (const { before } of reencrypted) count(done.byKeyId, before, 1);
  for (const { before } of moved) count(done.byKeyId, before, -1);
  count(done.byKeyId, encryptor.newestKeyId, moved.length);
}

/** Also of what has the newest key: that it can be opened is what lets the older ones go. */
function reencrypt(
  encryptor: Encryptor,
  table: EncryptedTable,
  { key, key_id: before, encrypted }: EncryptedRecord,
  done: Walk,
): Reencrypted[] {
  if (before === null || encrypted === null) return [];
  try {
    return [{ key, before, after: table.reencrypt(encryptor, { keyId: before, bytes: encrypted }, key) }];
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    count(done.byKeyId, before, 1);
    done.unopenable += 1;
    if (done.told.length < MAX_TOLD) done.told.push(`${table.name} ${key.join(" ")}: ${error.message}`);
    return [];
  }
}

function count(counts: Map<string, number>, keyId: string, more: number): void {
  const sum = (counts.get(keyId) ?? 0) + more;
  if (sum === 0) counts.delete(keyId);
  else counts.set(keyId, sum);
}

/** With another key under the newest id, everything would be moved to where no service can open it. The last rows tell. */
export async function assertNewestKey(
  { prisma, encryptor, page }: WalkParts,
  table: EncryptedTable,
): Promise<void> {
  const last = await prisma.$queryRaw<EncryptedRecord[]>(pageStatement(table, "backward", page));
  const newest = last.filter(({ key_id }) => key_id === encryptor.newestKeyId);
  if (newest.length === 0) return;
  const scrap = newWalk(table.name);
  if (newest.some((record) => reencrypt(encryptor, table, record, scrap).length > 0)) return;
  throw new WrongKeyError(
    `The first of DATA_ENCRYPTION_KEYS, "${encryptor.newestKeyId}", is another key here than the one that ${table.name} is encrypted with under this id. Nothing was moved.`,
  );
}
