-- Where this database stands in its own history, in one row. See src/persistence/database-history.ts.
CREATE TABLE "database_history" (
    "only_row" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL,
    "cluster" TEXT,
    "beat" BIGINT NOT NULL DEFAULT 0,
    "held_until" TIMESTAMPTZ(3),

    CONSTRAINT "database_history_pkey" PRIMARY KEY ("only_row")
);
INSERT INTO database_history (id) VALUES (gen_random_uuid());

-- Cancellations that the database had forgotten, and that were entered again from a replica's memory or from a log.
ALTER TABLE "cancellation" ADD COLUMN "reentered" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "is_account_known" BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE "cancelled_order" ADD COLUMN "reentered_open" INTEGER NOT NULL DEFAULT 0;

-- As before, but order numbers that differ only in case are one order while one of them is open, because EBP does not say whether case
-- matters to it. And several that were entered again may be in doubt on one order: each was sent, so each must be there.
DROP INDEX cancellation_one_open_per_order;
CREATE UNIQUE INDEX cancellation_one_open_per_order ON cancellation (
    store_id, lower(order_no), (CASE WHEN reentered THEN id ELSE '00000000-0000-0000-0000-000000000000'::uuid END)
) WHERE status IN ('PENDING', 'UNKNOWN');
