-- What has happened lately. Without autosummarize, what has been written since the last vacuum would be read each time.
CREATE INDEX "cancellation_event_store_id_at_idx" ON "cancellation_event" USING BRIN ("store_id", "at") WITH (autosummarize = on);
