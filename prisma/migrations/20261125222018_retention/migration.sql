-- AlterTable
ALTER TABLE "cancellation" ADD COLUMN     "archived_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "webhook_event" ALTER COLUMN "body_sealed" DROP NOT NULL,
ALTER COLUMN "body_key_id" DROP NOT NULL;


-- What Prisma's schema language cannot say, added by hand.

-- What is in doubt keeps all that may decide it, and what was moved to an archive is not here as well.
ALTER TABLE cancellation
    ADD CONSTRAINT cancellation_archived_is_decided CHECK (archived_at IS NULL OR status IN ('SUCCEEDED', 'FAILED')),
    ADD CONSTRAINT cancellation_archived_holds_no_account CHECK (
        archived_at IS NULL
        OR num_nonnulls(note, bank_code, account_last_four, account_holder_masked, refund_account_sealed, refund_account_key_id) = 0
    );

ALTER TABLE webhook_event
    ADD CONSTRAINT webhook_event_body_has_a_key CHECK ((body_sealed IS NULL) = (body_key_id IS NULL));
