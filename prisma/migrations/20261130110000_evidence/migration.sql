-- Which cancellations an event can be about: those that were there when it came in, whatever clocks say.
ALTER TABLE "webhook_event" ADD COLUMN "cancellation_ids" UUID[];

UPDATE webhook_event SET cancellation_ids = ARRAY(
    SELECT id FROM cancellation
    WHERE store_id = ANY (webhook_event.store_ids) AND order_no = webhook_event.order_no
        AND created_at <= webhook_event.received_at
);
