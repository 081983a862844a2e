import fc from "fast-check";
import type pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { ITEM_TYPES, type ItemType } from "../../src/cancellation/model/cancel-request.js";
import {
  type CancellationStatus,
  type ResolvedBy,
  type Settlement,
  SETTLEMENTS,
} from "../../src/cancellation/model/status.js";

/** A cancellation as it lies in the database, as far as the history is searched by it. Amounts are whole won. */
export interface HistoryRow {
  readonly id: string;
  readonly storeId: string;
  readonly orderNo: string;
  readonly idempotencyKey: string;
  readonly status: CancellationStatus;
  readonly settlement: Settlement | null;
  readonly resolvedBy: ResolvedBy | null;
  readonly amount: number;
  readonly tax: number;
  readonly reason: string | null;
  readonly requestedBy: string | null;
  readonly returnRequestId: string | null;
  readonly requestId: string | null;
  readonly failureCode: string | null;
  readonly hasDiscrepancies: boolean;
  readonly createdAt: Date;
  readonly resolvedAt: Date | null;
  readonly inDoubtSince: Date | null;
  readonly items: readonly HistoryRowItem[];
}

export interface HistoryRowItem {
  readonly seq: number;
  readonly itemType: ItemType;
  readonly itemId: string;
  readonly amount: number;
  readonly tax: number;
}

export const HISTORY_STORES = ["KR01", "KR02", "US01"] as const;
export const REASONS = ["Changed their mind", "Damaged", "100% _off\\", "늦은 배송"] as const;
export const REQUESTERS = ["front-end", "desk-1", "desk-2"] as const;
export const FAILURE_CODES = ["EBP-C-0010", "EBP-A-0001"] as const;
export const ITEM_IDS = ["P001", "P002", "P003", "P%4"] as const;
export const FIRST_MOMENT = Date.UTC(2026, 0, 1);
export const MINUTE_MS = 60_000;
/** Of so few that many share one. */
export const MINUTES = 40;

/** Rows with many equal moments and amounts, in which every condition is met by some and not by others. */
export function historyRows(length: {
  readonly min: number;
  readonly max: number;
}): fc.Arbitrary<HistoryRow[]> {
  return fc
    .array(oneRow, { minLength: length.min, maxLength: length.max })
    .map((rows) =>
      rows.map((row, n): HistoryRow => ({ ...row, idempotencyKey: `key-${n}`, orderNo: orderNoOf(row, n) })),
    );
}

/** One that is open keeps its order to itself. */
function orderNoOf({ status, createdAt, orderNo }: Omit<HistoryRow, "idempotencyKey">, n: number): string {
  const day = createdAt.toISOString().slice(0, 16).replace(/\D/gu, "");
  return status === "PENDING" || status === "UNKNOWN" ? `${orderNo}${day}-${n}` : `${orderNo}${day}`;
}

const moment = fc.nat(MINUTES - 1).map((minute) => new Date(FIRST_MOMENT + minute * MINUTE_MS));
const orNull = <const T>(...values: readonly T[]): fc.Arbitrary<T | null> =>
  fc.option(fc.constantFrom(...values));

const oneRow = fc
  .record({
    storeId: fc.constantFrom(...HISTORY_STORES),
    orderNo: fc.constantFrom("ORD", "ORX", "OR%", "OR_"),
    status: fc.constantFrom<CancellationStatus>("SUCCEEDED", "SUCCEEDED", "FAILED", "UNKNOWN", "PENDING"),
    settlement: fc.constantFrom(...SETTLEMENTS),
    resolvedBy: fc.constantFrom<ResolvedBy>("RESPONSE", "LOOKUP", "WEBHOOK", "OPERATOR"),
    reason: orNull(...REASONS),
    requestedBy: orNull(...REQUESTERS),
    returnRequestId: orNull("RET-1", "RET-2"),
    requestId: orNull("REQ-1", "REQ-2"),
    failureCode: orNull(...FAILURE_CODES),
    hasDiscrepancies: fc.boolean(),
    createdAt: moment,
    decidedAfter: fc.nat(5),
    items: fc.array(
      fc.record({
        itemType: fc.constantFrom(...ITEM_TYPES),
        itemId: fc.constantFrom(...ITEM_IDS),
        amount: fc.constantFrom(1_000, 1_000, 2_500, 70_000),
        tax: fc.constantFrom(0, 100),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ decidedAfter, items, ...row }): Omit<HistoryRow, "idempotencyKey"> => {
    const isDecided = row.status === "SUCCEEDED" || row.status === "FAILED";
    const later = new Date(row.createdAt.getTime() + decidedAfter * MINUTE_MS);
    return {
      ...row,
      id: uuidv7(),
      settlement: row.status === "SUCCEEDED" ? row.settlement : null,
      resolvedBy: isDecided ? row.resolvedBy : null,
      resolvedAt: isDecided ? later : null,
      inDoubtSince: row.status === "UNKNOWN" ? later : null,
      failureCode: row.status === "FAILED" || row.status === "UNKNOWN" ? row.failureCode : null,
      amount: items.reduce((sum, { amount }) => sum + amount, 0),
      tax: items.reduce((sum, { tax }) => sum + tax, 0),
      items: items.map((item, n) => ({ ...item, seq: n + 1 })),
    };
  });

/** Writes them as the service would have. */
export async function insertHistory(client: pg.Client, rows: readonly HistoryRow[]): Promise<void> {
  const json = JSON.stringify(rows);
  const typeColumns = ITEM_TYPES.map((type) => `${type}_amount, ${type}_tax_amount`.toLowerCase()).join(", ");
  const ofTypes = ITEM_TYPES.flatMap((type) =>
    ["amount", "tax"].map(
      (column) => `(
        SELECT sum(${column}) FROM jsonb_to_recordset(items) AS item ("itemType" text, amount numeric, tax numeric)
        WHERE "itemType" = '${type}'
      )`,
    ),
  ).join(", ");
  await client.query(
    `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, settlement, resolved_by, currency_code,
       amount_basis, total_cancel_amount, total_tax_amount, reason, requested_by, return_request_id, ebp_request_id, failure_code,
       failure_message, discrepancies, created_at, resolved_at, refunded_at, in_doubt_since, next_check_at,
       ${typeColumns})
     SELECT "storeId", id, "orderNo", "idempotencyKey", 'fingerprint', status, settlement, "resolvedBy",
       CASE WHEN "storeId" LIKE 'US%' THEN 'USD' ELSE 'KRW' END, 'unit', amount, tax, reason, "requestedBy", "returnRequestId", "requestId",
       "failureCode", 'no', CASE WHEN "hasDiscrepancies" THEN '[{"field": "status", "asked": "a", "confirmed": "b"}]' ELSE '[]' END::jsonb,
       "createdAt", "resolvedAt", CASE WHEN settlement = 'REFUNDED' THEN "resolvedAt" END, "inDoubtSince", CASE WHEN status = 'PENDING' THEN now() END, ${ofTypes}
     FROM jsonb_to_recordset($1::jsonb) AS row ("storeId" text, id uuid, "orderNo" text, "idempotencyKey" text, status cancellation_status,
       settlement settlement, "resolvedBy" resolved_by, amount numeric, tax numeric, reason text, "requestedBy" text, "returnRequestId" text,
       "requestId" text, "failureCode" text, "hasDiscrepancies" boolean, "createdAt" timestamptz, "resolvedAt" timestamptz,
       "inDoubtSince" timestamptz, items jsonb)`,
    [json],
  );
  await client.query(
    `INSERT INTO cancellation_item (store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at)
     SELECT "storeId", id, seq, "itemType", "itemId", 1, amount, tax, amount, "createdAt"
     FROM jsonb_to_recordset($1::jsonb) AS row ("storeId" text, id uuid, "createdAt" timestamptz, items jsonb),
       jsonb_to_recordset(items) AS item (seq integer, "itemType" item_type, "itemId" text, amount numeric, tax numeric)`,
    [json],
  );
}
