import type { PrismaClient } from "../generated/client.js";
import {
  eventsStatement,
  rowsStatement,
  type CancellationRowJson,
  type EventRowJson,
  type ExaminedCancellation,
} from "./cancellation-statements.js";
import type { RowJson } from "./row-json.js";
import { portions, type RetentionSizes } from "./sizes.js";

interface LineParts {
  readonly prisma: Pick<PrismaClient, "$queryRaw">;
  readonly json: RowJson;
  readonly size: RetentionSizes["batch"];
}

/**
 * A line for each cancellation with all there is about it, or several when its events are so large that they should not be held at once;
 * each of them then has the row and the items, and the next of the events.
 */
export async function* cancellationLines(
  parts: LineParts,
  storeId: string,
  rows: readonly ExaminedCancellation[],
): AsyncGenerator<string> {
  for (const batch of portions(rows, parts.size, (row) => row)) yield* linesOfBatch(parts, storeId, batch);
}

async function* linesOfBatch(
  parts: LineParts,
  storeId: string,
  batch: readonly ExaminedCancellation[],
): AsyncGenerator<string> {
  const { prisma, json, size } = parts;
  const ids = batch.map(({ id }) => id);
  const rows = await prisma.$queryRaw<CancellationRowJson[]>(rowsStatement(json, storeId, ids));
  const events = eventsOf(parts, storeId, batch);
  let next = await events.next();
  for (const [index, row] of rows.entries()) {
    let texts: string[] = [];
    let length = 0;
    for (; next.done !== true && next.value.position === index + 1; next = await events.next()) {
      if (length > size.bytes) {
        yield lineOf(row, texts);
        [texts, length] = [[], 0];
      }
      texts.push(next.value.event);
      length += next.value.event.length;
    }
    yield lineOf(row, texts);
  }
}

/** One by one in the order of the batch, read page by page. */
async function* eventsOf(
  { prisma, json, size }: LineParts,
  storeId: string,
  batch: readonly ExaminedCancellation[],
): AsyncGenerator<EventRowJson, undefined> {
  const page = { rows: EVENTS_AT_ONCE, bytes: size.bytes };
  for (let last: Pick<EventRowJson, "position" | "number"> | undefined = { position: 0, number: 0 }; ;) {
    const events: EventRowJson[] = await prisma.$queryRaw<EventRowJson[]>(
      eventsStatement(json, storeId, batch, last, page),
    );
    yield* events;
    last = events.at(-1);
    if (last === undefined) return undefined;
  }
}

/** Most have three or four. */
const EVENTS_AT_ONCE = 1_000;

function lineOf({ cancellation, items }: CancellationRowJson, events: readonly string[]): string {
  return `{"cancellation":${cancellation},"items":${items},"events":[${events.join(",")}]}`;
}
