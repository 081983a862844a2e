import type {
  CancellationEvent,
  CancellationItem,
  CancellationReference,
} from "../../cancellation/model/cancellation.js";
import { TooManyError } from "../../cancellation/model/errors.js";
import { type EventRow, type ItemRow, toEvent, toItem } from "../cancellation-row.js";
import type { Database } from "../client.js";
import { type SqlValues, statement } from "../statement.js";

type Child<Row> = Row & { readonly cancellationId: string };

const OF_THESE = "store_id = ANY(:storeIds::text[]) AND cancellation_id = ANY(:ids::uuid[])";

const ITEMS = statement(
  "items",
  `/* history: items */
    SELECT
      cancellation_id AS "cancellationId", seq, item_type AS "itemType", item_id AS "itemId", quantity, amount,
      tax_amount AS "taxAmount", line_total AS "lineTotal", confirmed_quantity AS "confirmedQuantity",
      confirmed_amount AS "confirmedAmount", confirmed_tax_amount AS "confirmedTaxAmount"
    FROM cancellation_item
    WHERE ${OF_THESE}
    ORDER BY seq
    LIMIT :limit::bigint`,
);

/** Without EBP's answers: up to a megabyte each, and never shown. */
const EVENTS = statement(
  "events",
  `/* history: events */
    SELECT
      cancellation_id AS "cancellationId", at, from_status AS "fromStatus", to_status AS "toStatus", source, actor,
      evidence
    FROM cancellation_event
    WHERE ${OF_THESE}
    ORDER BY number
    LIMIT :limit::bigint`,
);

/** The lines of several cancellations, in order of `seq`. @throws TooManyError for more than `atMost`. */
export async function readItems(
  database: Database,
  references: readonly CancellationReference[],
  atMost?: number,
): Promise<CancellationItem[][]> {
  const rows = await database.rows<Child<ItemRow>>(ITEMS(valuesOf(references, atMost)));
  assertAtMost("items", rows, atMost);
  return grouped(references, rows, toItem);
}

/** What was learnt of several cancellations, oldest first. @throws TooManyError for more than `atMost`. */
export async function readEvents(
  database: Database,
  references: readonly CancellationReference[],
  atMost?: number,
): Promise<CancellationEvent[][]> {
  const rows = await database.rows<Child<EventRow>>(EVENTS(valuesOf(references, atMost)));
  assertAtMost("events", rows, atMost);
  return grouped(references, rows, toEvent);
}

/** One more than are allowed is enough to see that there are more. */
function valuesOf(references: readonly CancellationReference[], atMost: number | undefined): SqlValues {
  return {
    storeIds: [...new Set(references.map(({ storeId }) => storeId))],
    ids: references.map(({ id }) => id),
    limit: atMost === undefined ? null : atMost + 1,
  };
}

function assertAtMost(what: string, rows: readonly unknown[], atMost: number | undefined): void {
  if (atMost !== undefined && rows.length > atMost) throw new TooManyError(what, atMost);
}

function grouped<Row, Found>(
  references: readonly CancellationReference[],
  rows: readonly Child<Row>[],
  toChild: (row: Row) => Found,
): Found[][] {
  const byId = new Map<string, Found[]>(references.map(({ id }) => [id, []]));
  for (const row of rows) byId.get(row.cancellationId)?.push(toChild(row));
  return references.map(({ id }) => byId.get(id) ?? []);
}
