import { assertMonthsEnough } from "../../cancellation/history/retention-rules.js";
import { Prisma, type PrismaClient } from "../generated/client.js";
import { ArchiveError } from "./archive-error.js";
import { partialFiles, prepareFolder } from "./archive-folder.js";
import { archiveRows, type Archived, type ArchiveRowsParts } from "./archive-rows.js";
import type { ArchivedKind, KindParts } from "./archived-kind.js";
import { cancellationsOf } from "./cancellations.js";
import { countStatement } from "./cancellation-statements.js";
import { withRetentionLock } from "./lock.js";
import { readRowJson } from "./row-json.js";
import { RETENTION_SIZES } from "./sizes.js";
import { webhooks } from "./webhooks.js";
import { countWebhooksStatement } from "./webhook-statements.js";

export interface RetentionParts extends Partial<Pick<ArchiveRowsParts, "sizes" | "onPage" | "isStopping">> {
  readonly prisma: PrismaClient;
  /** The same database: the lock has a connection of its own. */
  readonly databaseUrl: string;
  readonly olderThanMonths: number;
  readonly folder: string;
  /** Only says what would be archived. */
  readonly isDryRun?: boolean;
}

export interface Retention {
  /**
   * - done: all that is old enough was looked at.
   * - stopped: on the way; what was moved until then is moved.
   * - failed: a file could not be written, or is not what was written to it. Nothing of it was removed.
   */
  readonly end: "done" | "stopped" | "failed";
  /** What was decided, or came in, before this. */
  readonly before: Date;
  /** By store, and the webhooks. */
  readonly archived: readonly Archived[];
  /** Why it failed. */
  readonly failure: ArchiveError | null;
  /** Files that an earlier run, or this one, has left unfinished. */
  readonly partial: readonly string[];
}

/**
 * Moves what hangs on old cancellations, and the bodies of old webhooks, to files: a file is there for good before anything that it has is
 * removed, so wherever this ends, at worst something is in two files. Null when another run is at it. The rows themselves stay for ever.
 * @throws InvalidArgumentError when so many months are too few; nothing is done then.
 */
export async function retain(parts: RetentionParts): Promise<Retention | null> {
  assertMonthsEnough("olderThanMonths", parts.olderThanMonths);
  return withRetentionLock(parts.databaseUrl, async (isHeld) => {
    const isStopping = (): boolean => !isHeld() || parts.isStopping?.() === true;
    return retainAlone({ ...parts, isStopping });
  });
}

async function retainAlone(parts: RetentionParts & Pick<ArchiveRowsParts, "isStopping">): Promise<Retention> {
  const { prisma, folder, isDryRun = false, isStopping } = parts;
  const sizes = parts.sizes ?? RETENTION_SIZES;
  const before = await monthsAgo(prisma, parts.olderThanMonths);
  const archived: Archived[] = [];
  const rowsParts = {
    folder: isDryRun ? null : folder,
    sizes,
    onPage: parts.onPage ?? ((): void => undefined),
    isStopping,
  };
  const archive = async <Row>(kind: ArchivedKind<Row>): Promise<void> => {
    const done: Archived = { name: kind.name, due: 0, moved: 0, files: [], bytes: 0, fileBytes: 0 };
    archived.push(done);
    await archiveRows(rowsParts, kind, done);
  };
  const ended = async (end: Retention["end"], failure: ArchiveError | null = null): Promise<Retention> => ({
    end,
    before,
    archived,
    failure,
    partial: isDryRun ? [] : await partialFiles(folder).catch(() => []),
  });
  try {
    if (!isDryRun) await prepareFolder(folder);
    const kindParts: KindParts = { prisma, json: await readRowJson(prisma), before, sizes };
    for (const { store_id, rows } of await prisma.$queryRaw<StoreRow[]>(countStatement(before))) {
      await archive(cancellationsOf(kindParts, store_id, rows));
    }
    const [estimate] = await prisma.$queryRaw<CountRow[]>(countWebhooksStatement());
    await archive(webhooks(kindParts, estimate?.rows ?? 0));
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return ended("failed", error);
  }
  return ended(isStopping() ? "stopped" : "done");
}

interface CountRow {
  readonly rows: number;
}

interface StoreRow extends CountRow {
  readonly store_id: string;
}

/** By the database's clock, which also told when they were decided. */
async function monthsAgo(prisma: PrismaClient, months: number): Promise<Date> {
  const [row] = await prisma.$queryRaw<{ before: Date }[]>(
    Prisma.sql`SELECT date_trunc('milliseconds', now() - make_interval(months => ${months}::integer)) AS before`,
  );
  if (row === undefined) throw new Error("asking the database for the time: no answer");
  return row.before;
}
