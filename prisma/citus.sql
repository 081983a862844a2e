-- Distributes the tables over a Citus cluster: what belongs to a store lies on one server. To be run once on the coordinator, after the
-- migrations and before the first cancel. See docs/scaling.md.

-- Citus makes foreign keys between tables only once both are distributed.
ALTER TABLE cancellation_item DROP CONSTRAINT cancellation_item_store_id_cancellation_id_fkey;
ALTER TABLE cancellation_event DROP CONSTRAINT cancellation_event_store_id_cancellation_id_fkey;

SELECT create_distributed_table('cancelled_order', 'store_id', colocate_with => 'none');
SELECT create_distributed_table('cancellation', 'store_id', colocate_with => 'cancelled_order');
SELECT create_distributed_table('cancellation_item', 'store_id', colocate_with => 'cancelled_order');
SELECT create_distributed_table('cancellation_event', 'store_id', colocate_with => 'cancelled_order');
SELECT create_distributed_table('webhook_event', 'store_id', colocate_with => 'cancelled_order');

ALTER TABLE cancellation_item ADD CONSTRAINT cancellation_item_store_id_cancellation_id_fkey
    FOREIGN KEY (store_id, cancellation_id) REFERENCES cancellation (store_id, id) ON DELETE RESTRICT ON UPDATE NO ACTION;
ALTER TABLE cancellation_event ADD CONSTRAINT cancellation_event_store_id_cancellation_id_fkey
    FOREIGN KEY (store_id, cancellation_id) REFERENCES cancellation (store_id, id) ON DELETE RESTRICT ON UPDATE NO ACTION;

-- One row, which every server needs to read.
SELECT create_reference_table('database_history');

-- rate_limit stays on the coordinator: it is of no store, and is written for each request.
