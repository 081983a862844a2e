-- DropIndex
DROP INDEX "cancellation_item_store_id_item_id_idx";

-- DropIndex
DROP INDEX "cancellation_store_id_order_no_created_at_id_idx";

-- AlterTable
ALTER TABLE "cancellation" ADD COLUMN     "total_tax_amount" DECIMAL NOT NULL DEFAULT 0,
-- By bytes, whatever the database's language: so that the beginning of an order number is a range of the index.
ALTER COLUMN "order_no" TYPE TEXT COLLATE "C";

-- AlterTable
ALTER TABLE "cancellation_item" ADD COLUMN     "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- What is there already.
UPDATE cancellation_item SET created_at = cancellation.created_at
FROM cancellation
WHERE cancellation.store_id = cancellation_item.store_id AND cancellation.id = cancellation_item.cancellation_id;

UPDATE cancellation SET total_tax_amount = item.tax
FROM (
    SELECT store_id, cancellation_id, sum(CASE amount_basis WHEN 'unit' THEN quantity * tax_amount ELSE tax_amount END) AS tax
    FROM cancellation_item JOIN cancellation USING (store_id)
    WHERE cancellation.id = cancellation_item.cancellation_id AND tax_amount IS NOT NULL
    GROUP BY store_id, cancellation_id
) item
WHERE cancellation.store_id = item.store_id AND cancellation.id = item.cancellation_id;

-- CreateIndex
CREATE INDEX "cancellation_store_id_order_no_created_at_id_status_idx" ON "cancellation"("store_id", "order_no", "created_at", "id", "status");

-- CreateIndex
CREATE INDEX "cancellation_store_id_resolved_at_created_at_id_idx" ON "cancellation"("store_id", "resolved_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "cancellation_store_id_total_cancel_amount_created_at_id_idx" ON "cancellation"("store_id", "total_cancel_amount", "created_at", "id");

-- CreateIndex
CREATE INDEX "cancellation_store_id_ebp_request_id_idx" ON "cancellation"("store_id", "ebp_request_id");

-- CreateIndex
CREATE INDEX "cancellation_item_store_id_item_id_created_at_cancellation__idx" ON "cancellation_item"("store_id", "item_id", "created_at", "cancellation_id");

-- CreateIndex
CREATE INDEX "cancellation_item_store_id_item_type_created_at_cancellatio_idx" ON "cancellation_item"("store_id", "item_type", "created_at", "cancellation_id");


-- What Prisma's schema language cannot say, added by hand.

-- Each filter of the history finds its rows in their order. Partial: most cancellations have none of most of these, and what has
-- none costs nothing.
CREATE INDEX cancellation_by_settlement ON cancellation (store_id, settlement, created_at, id) WHERE settlement IS NOT NULL;
CREATE INDEX cancellation_by_resolver ON cancellation (store_id, resolved_by, created_at, id) WHERE resolved_by IS NOT NULL;
CREATE INDEX cancellation_by_reason ON cancellation (store_id, reason, created_at, id) WHERE reason IS NOT NULL;
CREATE INDEX cancellation_by_requester ON cancellation (store_id, requested_by, created_at, id) WHERE requested_by IS NOT NULL;
CREATE INDEX cancellation_by_failure_code ON cancellation (store_id, failure_code, created_at, id) WHERE failure_code IS NOT NULL;
CREATE INDEX cancellation_with_discrepancies ON cancellation (store_id, created_at, id) WHERE discrepancies <> '[]';
