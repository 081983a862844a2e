-- Retention erases. It no longer moves anything to an archive. Replicas of the version before may run beside this one. They read
-- archived_at, so a later migration drops it. By is_account_known they too see that the account is gone.
ALTER TABLE "cancellation" ADD COLUMN "erased_at" TIMESTAMPTZ(3);

-- What was moved to an archive is gone from here.
UPDATE cancellation SET erased_at = archived_at, is_account_known = false WHERE archived_at IS NOT NULL;

-- What is in doubt keeps all that may decide it.
ALTER TABLE cancellation
    ADD CONSTRAINT cancellation_erased_is_decided CHECK (erased_at IS NULL OR status IN ('SUCCEEDED', 'FAILED')),
    ADD CONSTRAINT cancellation_erased_holds_no_account CHECK (
        erased_at IS NULL
        OR num_nonnulls(note, bank_code, account_last_four, account_holder_masked, refund_account_sealed, refund_account_key_id) = 0
    );
