import type { Decimal } from "../cancellation/decimal.js";
import type { CancellationReference } from "../cancellation/history/history.js";
import type { Confirmation } from "../cancellation/outcome.js";
import { Prisma } from "./generated/client.js";

/** An amount as text, which PostgreSQL reads into NUMERIC exactly. */
export function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}

/** A moment so many milliseconds from now, by the database's clock; NULL for null. */
export function fromNow(ms: number | null): Prisma.Sql {
  return Prisma.sql`(clock_timestamp() + ${ms}::float8 * interval '1 millisecond')`;
}

/** Writes what EBP confirmed of the items, provided that the step named has written the cancellation. */
export function confirmItems(
  { storeId, id }: CancellationReference,
  confirmation: Confirmation | null,
  written: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
      UPDATE cancellation_item SET
        confirmed_quantity = line.quantity, confirmed_amount = line.amount, confirmed_tax_amount = line.tax_amount
      FROM ${written}, jsonb_to_recordset(${linesJson(confirmation)}::jsonb) AS line (
        seq integer, quantity integer, amount numeric, tax_amount numeric
      )
      WHERE cancellation_item.store_id = ${storeId} AND cancellation_item.cancellation_id = ${id}::uuid
        AND cancellation_item.seq = line.seq`;
}

function linesJson(confirmation: Confirmation | null): string {
  return JSON.stringify(
    (confirmation?.items ?? []).map((item) => ({
      seq: item.seq,
      quantity: item.quantity,
      amount: text(item.amount),
      tax_amount: text(item.taxAmount),
    })),
  );
}
