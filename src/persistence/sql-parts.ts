import type { Decimal } from "../cancellation/model/decimal.js";
import type { CancellationReference } from "../cancellation/model/cancellation.js";
import type { Confirmation } from "../cancellation/model/outcome.js";
import type { SqlValues } from "./statement.js";

/** An amount as text, which PostgreSQL reads into NUMERIC exactly. */
export function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}

/** A moment so many milliseconds from now, by the database's clock; NULL for null. */
export function fromNow(ms: `:${string}`): string {
  return `(clock_timestamp() + ${ms}::float8 * interval '1 millisecond')`;
}

/** Writes what EBP confirmed of the items, provided that the step named has written the cancellation. Its values are `confirmedValues`. */
export function confirmItems(written: string): string {
  return `UPDATE cancellation_item SET
        confirmed_quantity = line.quantity, confirmed_amount = line.amount, confirmed_tax_amount = line.tax_amount
      FROM ${written}, jsonb_to_recordset(:confirmedLines::jsonb) AS line (
        seq integer, quantity integer, amount numeric, tax_amount numeric
      )
      WHERE cancellation_item.store_id = :storeId AND cancellation_item.cancellation_id = :id::uuid
        AND cancellation_item.seq = line.seq`;
}

/** Which cancellation it is, and what EBP confirmed of it. */
export function confirmedValues(
  { storeId, id }: CancellationReference,
  confirmation: Confirmation | null,
): SqlValues {
  return {
    storeId,
    id,
    returnRequestId: confirmation?.returnRequestId ?? null,
    processedCount: confirmation?.processedCount ?? null,
    totalProductAmount: text(confirmation?.totalProductAmount),
    totalProductTaxAmount: text(confirmation?.totalProductTaxAmount),
    totalDeliveryAmount: text(confirmation?.totalDeliveryAmount),
    totalDeliveryTaxAmount: text(confirmation?.totalDeliveryTaxAmount),
    confirmedLines: linesJson(confirmation),
  };
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
