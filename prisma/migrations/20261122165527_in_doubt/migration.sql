-- CreateEnum
CREATE TYPE "webhook_kind" AS ENUM ('VOIDED', 'REFUND_REQUESTED', 'CAPTURED', 'OTHER');

-- CreateEnum
CREATE TYPE "webhook_state" AS ENUM ('WAITING', 'MATCHED', 'ATTACHED', 'IGNORED');

-- AlterEnum
ALTER TYPE "failure_kind" ADD VALUE 'NOT_CANCELLED';

-- AlterTable
ALTER TABLE "cancellation" ADD COLUMN     "answered_at" TIMESTAMPTZ(3),
ADD COLUMN     "event_count" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "fencing_token" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "in_doubt_since" TIMESTAMPTZ(3),
ADD COLUMN     "lookups" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "next_check_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "cancellation_event" DROP COLUMN "raw_answer",
ADD COLUMN     "answer_key_id" TEXT,
ADD COLUMN     "answer_sealed" BYTEA;

-- CreateTable
CREATE TABLE "webhook_event" (
    "digest" TEXT NOT NULL,
    "kind" "webhook_kind" NOT NULL,
    "event_type" TEXT,
    "event_time" TIMESTAMPTZ(6),
    "store_ids" TEXT[],
    "order_no" TEXT,
    "amount" DECIMAL,
    "currency_code" TEXT,
    "payment_status" TEXT,
    "result_code" TEXT,
    "is_of_success" BOOLEAN NOT NULL,
    "body_sealed" BYTEA NOT NULL,
    "body_key_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" "webhook_state" NOT NULL DEFAULT 'WAITING',
    "match_attempts" INTEGER NOT NULL DEFAULT 0,
    "next_match_at" TIMESTAMPTZ(3),
    "matched_store_id" TEXT,
    "matched_id" UUID,

    CONSTRAINT "webhook_event_pkey" PRIMARY KEY ("digest")
);

-- CreateIndex
CREATE INDEX "webhook_event_order_no_idx" ON "webhook_event"("order_no");


-- What Prisma's schema language cannot say, added by hand.

-- What is there already: its events are counted, its answer is known, and what is open is taken up by recovery.
UPDATE cancellation SET
    event_count = (
        SELECT max(number) FROM cancellation_event event
        WHERE event.store_id = cancellation.store_id AND event.cancellation_id = cancellation.id
    ),
    answered_at = (
        SELECT min(at) FROM cancellation_event event
        WHERE event.store_id = cancellation.store_id AND event.cancellation_id = cancellation.id AND source = 'RESPONSE'
    ),
    in_doubt_since = CASE WHEN status = 'UNKNOWN' THEN clock_timestamp() END,
    -- Longer than a process of the version before could still be sending it.
    next_check_at = CASE WHEN status IN ('PENDING', 'UNKNOWN') THEN clock_timestamp() + interval '5 minutes' END;

-- What the reconciler looks for: few rows, whatever the size of the history.
CREATE INDEX cancellation_due ON cancellation (store_id, next_check_at) WHERE status IN ('PENDING', 'UNKNOWN');
CREATE INDEX webhook_event_due ON webhook_event (next_match_at) WHERE state = 'WAITING';

ALTER TABLE cancellation
    ADD CONSTRAINT cancellation_pending_has_a_lease CHECK (status <> 'PENDING' OR next_check_at IS NOT NULL),
    ADD CONSTRAINT cancellation_unknown_has_a_beginning CHECK (status <> 'UNKNOWN' OR in_doubt_since IS NOT NULL),
    ADD CONSTRAINT cancellation_decided_is_not_checked CHECK (status IN ('PENDING', 'UNKNOWN') OR next_check_at IS NULL);
