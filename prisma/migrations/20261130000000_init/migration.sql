-- CreateEnum
CREATE TYPE "cancellation_status" AS ENUM ('PENDING', 'SUCCEEDED', 'FAILED', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "settlement" AS ENUM ('AWAITED', 'VOIDED', 'REFUND_REQUESTED', 'REFUNDED');

-- CreateEnum
CREATE TYPE "resolved_by" AS ENUM ('RESPONSE', 'LOOKUP', 'WEBHOOK', 'OPERATOR');

-- CreateEnum
CREATE TYPE "item_type" AS ENUM ('PHYSICAL', 'DIGITAL', 'SUBSCRIPTION', 'DELIVERY', 'SERVICE');

-- CreateEnum
CREATE TYPE "amount_basis" AS ENUM ('unit', 'line');

-- CreateEnum
CREATE TYPE "event_source" AS ENUM ('CALLER', 'RESPONSE', 'LOOKUP', 'WEBHOOK', 'OPERATOR', 'RECOVERY');

-- CreateEnum
CREATE TYPE "failure_kind" AS ENUM ('REJECTED', 'NOT_SENT', 'IN_DOUBT', 'NOT_CANCELLED');

-- CreateEnum
CREATE TYPE "failure_cause" AS ENUM ('SENT_TOO_LATE', 'NOT_CONNECTED', 'REFUSED_BY_GATEWAY', 'NOT_STORED_IN_TIME', 'TIMED_OUT', 'CONNECTION_BROKE', 'ANSWER_NOT_READABLE', 'ANSWER_PROVES_NOTHING', 'REJECTED', 'FAULT_WHILE_SENDING', 'PROCESS_LOST', 'ENTERED_AGAIN', 'DISPROVEN_BY_EBP', 'DISPROVEN_BY_OPERATOR');

-- CreateEnum
CREATE TYPE "webhook_kind" AS ENUM ('VOIDED', 'REFUND_REQUESTED', 'REFUNDED', 'CAPTURED', 'OTHER');

-- CreateEnum
CREATE TYPE "webhook_state" AS ENUM ('WAITING', 'MATCHED', 'ATTACHED', 'IGNORED');

-- CreateTable
CREATE TABLE "cancelled_order" (
    "store_id" TEXT NOT NULL,
    "order_no" TEXT NOT NULL,
    "cancelled_total" DECIMAL NOT NULL DEFAULT 0,
    "reentered_open" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "cancelled_order_pkey" PRIMARY KEY ("store_id","order_no")
);

-- CreateTable
CREATE TABLE "cancellation" (
    "store_id" TEXT NOT NULL,
    "id" UUID NOT NULL,
    -- By bytes, whatever the database's language: so that the beginning of an order number is a range of the index.
    "order_no" TEXT COLLATE "C" NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "status" "cancellation_status" NOT NULL,
    "safe_to_retry" BOOLEAN NOT NULL DEFAULT false,
    "settlement" "settlement",
    "resolved_by" "resolved_by",
    "currency_code" TEXT NOT NULL,
    "amount_basis" "amount_basis" NOT NULL,
    "total_cancel_amount" DECIMAL(19,4) NOT NULL,
    "total_tax_amount" DECIMAL NOT NULL DEFAULT 0,
    "physical_amount" DECIMAL,
    "physical_tax_amount" DECIMAL,
    "digital_amount" DECIMAL,
    "digital_tax_amount" DECIMAL,
    "subscription_amount" DECIMAL,
    "subscription_tax_amount" DECIMAL,
    "delivery_amount" DECIMAL,
    "delivery_tax_amount" DECIMAL,
    "service_amount" DECIMAL,
    "service_tax_amount" DECIMAL,
    "bank_code" TEXT,
    "account_last_four" TEXT,
    "account_holder_masked" TEXT,
    "refund_account_sealed" BYTEA,
    "refund_account_key_id" TEXT,
    "reason" TEXT,
    "note" TEXT,
    "requested_by" TEXT,
    "return_request_id" TEXT,
    "ebp_request_id" TEXT,
    "processed_count" INTEGER,
    "total_product_amount" DECIMAL,
    "total_product_tax_amount" DECIMAL,
    "total_delivery_amount" DECIMAL,
    "total_delivery_tax_amount" DECIMAL,
    "failure_kind" "failure_kind",
    "failure_cause" "failure_cause",
    "failure_code" TEXT,
    "failure_message" TEXT,
    "failure_details" JSONB NOT NULL DEFAULT '[]',
    "discrepancies" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "resolved_at" TIMESTAMPTZ(3),
    "refunded_at" TIMESTAMPTZ(3),
    "fencing_token" INTEGER NOT NULL DEFAULT 1,
    "next_check_at" TIMESTAMPTZ(3),
    "in_doubt_since" TIMESTAMPTZ(3),
    "lookups" INTEGER NOT NULL DEFAULT 0,
    "answered_at" TIMESTAMPTZ(3),
    "event_count" INTEGER NOT NULL DEFAULT 1,
    "erased_at" TIMESTAMPTZ(3),
    "reentered" BOOLEAN NOT NULL DEFAULT false,
    "is_account_known" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "cancellation_pkey" PRIMARY KEY ("store_id","id")
);

-- CreateTable
CREATE TABLE "cancellation_item" (
    "store_id" TEXT NOT NULL,
    "cancellation_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "item_type" "item_type" NOT NULL,
    "item_id" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "amount" DECIMAL(19,4) NOT NULL,
    "tax_amount" DECIMAL(19,4),
    "line_total" DECIMAL(19,4) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmed_quantity" INTEGER,
    "confirmed_amount" DECIMAL,
    "confirmed_tax_amount" DECIMAL,

    CONSTRAINT "cancellation_item_pkey" PRIMARY KEY ("store_id","cancellation_id","seq")
);

-- CreateTable
CREATE TABLE "cancellation_event" (
    "store_id" TEXT NOT NULL,
    "cancellation_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "from_status" "cancellation_status",
    "to_status" "cancellation_status" NOT NULL,
    "source" "event_source" NOT NULL,
    "actor" TEXT,
    "evidence" JSONB NOT NULL DEFAULT '{}',
    "answer_sealed" BYTEA,
    "answer_key_id" TEXT,

    CONSTRAINT "cancellation_event_pkey" PRIMARY KEY ("store_id","cancellation_id","number")
);

-- CreateTable
CREATE TABLE "webhook_event" (
    "store_id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "kind" "webhook_kind" NOT NULL,
    "event_type" TEXT,
    "event_time" TIMESTAMPTZ(6),
    "store_ids" TEXT[],
    "order_no" TEXT,
    "cancellation_ids" UUID[],
    "amount" DECIMAL,
    "currency_code" TEXT,
    "refunded_at" TIMESTAMPTZ(3),
    "payment_status" TEXT,
    "result_code" TEXT,
    "is_of_success" BOOLEAN NOT NULL,
    "body_sealed" BYTEA,
    "body_key_id" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" "webhook_state" NOT NULL DEFAULT 'WAITING',
    "match_attempts" INTEGER NOT NULL DEFAULT 0,
    "next_match_at" TIMESTAMPTZ(3),
    "matched_store_id" TEXT,
    "matched_id" UUID,

    CONSTRAINT "webhook_event_pkey" PRIMARY KEY ("digest","store_id")
);

-- CreateTable
CREATE TABLE "database_history" (
    "only_row" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL,
    "cluster" TEXT,
    "beat" BIGINT NOT NULL DEFAULT 0,
    "held_until" TIMESTAMPTZ(3),

    CONSTRAINT "database_history_pkey" PRIMARY KEY ("only_row")
);

-- CreateTable
-- Unlogged: a request must not wait for a disk to be counted, and what a crash forgets of a minute does no harm.
CREATE UNLOGGED TABLE "rate_limit" (
    "key" TEXT NOT NULL,
    "points" DOUBLE PRECISION NOT NULL,
    "expire" BIGINT NOT NULL,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "cancellation_by_creation" ON "cancellation"("store_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "cancellation_by_order" ON "cancellation"("store_id", "order_no", "created_at", "id");

-- CreateIndex
CREATE INDEX "cancellation_by_amount" ON "cancellation"("store_id", "total_cancel_amount", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "cancellation_store_id_idempotency_key_key" ON "cancellation"("store_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "cancellation_item_by_item" ON "cancellation_item"("store_id", "item_id", "created_at", "cancellation_id");

-- CreateIndex
-- Without autosummarize, what has been written since the last vacuum would be read each time.
CREATE INDEX "cancellation_event_store_id_at_idx" ON "cancellation_event" USING BRIN ("store_id", "at") WITH (autosummarize = on);

-- CreateIndex
CREATE INDEX "webhook_event_order_no_idx" ON "webhook_event"("order_no");

-- AddForeignKey
ALTER TABLE "cancellation_item" ADD CONSTRAINT "cancellation_item_store_id_cancellation_id_fkey" FOREIGN KEY ("store_id", "cancellation_id") REFERENCES "cancellation"("store_id", "id") ON DELETE RESTRICT ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "cancellation_event" ADD CONSTRAINT "cancellation_event_store_id_cancellation_id_fkey" FOREIGN KEY ("store_id", "cancellation_id") REFERENCES "cancellation"("store_id", "id") ON DELETE RESTRICT ON UPDATE NO ACTION;


-- What Prisma's schema language cannot say, added by hand.

-- One order has at most one cancel whose outcome is not known: a second could move the money twice. Order numbers that differ only in
-- case are one order, because EBP does not say whether case matters to it. Several that were entered again may be open together: each
-- was sent, so each must be there.
CREATE UNIQUE INDEX cancellation_one_open_per_order ON cancellation (
    store_id, lower(order_no), (CASE WHEN reentered THEN id ELSE '00000000-0000-0000-0000-000000000000'::uuid END)
) WHERE status IN ('PENDING', 'UNKNOWN');

-- What the reconciler looks for, and the history of what is open: few rows, however long the history.
CREATE INDEX cancellation_due ON cancellation (store_id, next_check_at) WHERE status IN ('PENDING', 'UNKNOWN');
CREATE INDEX webhook_event_due ON webhook_event (store_id, next_match_at) WHERE state = 'WAITING';

-- The history by the moment of resolution. An intent has none, and costs nothing here.
CREATE INDEX cancellation_by_resolution ON cancellation (store_id, resolved_at, created_at, id) WHERE resolved_at IS NOT NULL;

-- Support asks with EBP's id of the return.
CREATE INDEX cancellation_by_return_request ON cancellation (store_id, return_request_id) WHERE return_request_id IS NOT NULL;

-- The history of what did not simply succeed: failures by their codes, and differences between what was asked and confirmed.
CREATE INDEX cancellation_of_note ON cancellation (store_id, created_at, id, status, failure_code)
    WHERE status IN ('FAILED', 'UNKNOWN') OR discrepancies <> '[]';

-- What we were asked for. What EBP confirmed is not constrained: whatever it says must be recordable.
ALTER TABLE cancellation
    ADD CONSTRAINT cancellation_total_cancel_amount_positive CHECK (total_cancel_amount > 0),
    ADD CONSTRAINT cancellation_pending_has_a_lease CHECK (status <> 'PENDING' OR next_check_at IS NOT NULL),
    ADD CONSTRAINT cancellation_unknown_has_a_beginning CHECK (status <> 'UNKNOWN' OR in_doubt_since IS NOT NULL),
    ADD CONSTRAINT cancellation_decided_is_not_checked CHECK (status IN ('PENDING', 'UNKNOWN') OR next_check_at IS NULL),
    ADD CONSTRAINT cancellation_settled_has_succeeded CHECK (settlement IS NULL OR status = 'SUCCEEDED'),
    ADD CONSTRAINT cancellation_refunded_has_a_time CHECK ((settlement IS NOT DISTINCT FROM 'REFUNDED') = (refunded_at IS NOT NULL)),
    -- What is in doubt keeps all that may decide it.
    ADD CONSTRAINT cancellation_erased_is_decided CHECK (erased_at IS NULL OR status IN ('SUCCEEDED', 'FAILED')),
    ADD CONSTRAINT cancellation_erased_holds_no_account CHECK (
        erased_at IS NULL
        OR num_nonnulls(note, bank_code, account_last_four, account_holder_masked, refund_account_sealed, refund_account_key_id) = 0
    );

ALTER TABLE cancellation_item
    ADD CONSTRAINT cancellation_item_quantity_positive CHECK (quantity > 0),
    ADD CONSTRAINT cancellation_item_amount_not_negative CHECK (amount >= 0),
    ADD CONSTRAINT cancellation_item_tax_amount_not_negative CHECK (tax_amount >= 0),
    ADD CONSTRAINT cancellation_item_line_total_not_negative CHECK (line_total >= 0);

ALTER TABLE cancelled_order
    ADD CONSTRAINT cancelled_order_cancelled_total_not_negative CHECK (cancelled_total >= 0);

ALTER TABLE webhook_event
    ADD CONSTRAINT webhook_event_body_has_a_key CHECK ((body_sealed IS NULL) = (body_key_id IS NULL));

-- The one row by which a replica sees that the database has gone back in time.
INSERT INTO database_history (id) VALUES (gen_random_uuid());
