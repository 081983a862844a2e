-- DropIndex
DROP INDEX "cancellation_store_id_created_at_id_idx";

-- AlterTable
ALTER TABLE "cancellation" ADD COLUMN     "delivery_amount" DECIMAL,
ADD COLUMN     "delivery_tax_amount" DECIMAL,
ADD COLUMN     "digital_amount" DECIMAL,
ADD COLUMN     "digital_tax_amount" DECIMAL,
ADD COLUMN     "physical_amount" DECIMAL,
ADD COLUMN     "physical_tax_amount" DECIMAL,
ADD COLUMN     "service_amount" DECIMAL,
ADD COLUMN     "service_tax_amount" DECIMAL,
ADD COLUMN     "subscription_amount" DECIMAL,
ADD COLUMN     "subscription_tax_amount" DECIMAL;

-- What is there already: added by hand.
UPDATE cancellation SET
    physical_amount = item.physical_amount, physical_tax_amount = item.physical_tax_amount,
    digital_amount = item.digital_amount, digital_tax_amount = item.digital_tax_amount,
    subscription_amount = item.subscription_amount, subscription_tax_amount = item.subscription_tax_amount,
    delivery_amount = item.delivery_amount, delivery_tax_amount = item.delivery_tax_amount,
    service_amount = item.service_amount, service_tax_amount = item.service_tax_amount
FROM (
    SELECT
        store_id, cancellation_id,
        sum(amount) FILTER (WHERE item_type = 'PHYSICAL') AS physical_amount,
        sum(tax) FILTER (WHERE item_type = 'PHYSICAL') AS physical_tax_amount,
        sum(amount) FILTER (WHERE item_type = 'DIGITAL') AS digital_amount,
        sum(tax) FILTER (WHERE item_type = 'DIGITAL') AS digital_tax_amount,
        sum(amount) FILTER (WHERE item_type = 'SUBSCRIPTION') AS subscription_amount,
        sum(tax) FILTER (WHERE item_type = 'SUBSCRIPTION') AS subscription_tax_amount,
        sum(amount) FILTER (WHERE item_type = 'DELIVERY') AS delivery_amount,
        sum(tax) FILTER (WHERE item_type = 'DELIVERY') AS delivery_tax_amount,
        sum(amount) FILTER (WHERE item_type = 'SERVICE') AS service_amount,
        sum(tax) FILTER (WHERE item_type = 'SERVICE') AS service_tax_amount
    FROM (
        SELECT
            line.store_id, line.cancellation_id, line.item_type, line.line_total AS amount,
            coalesce(CASE c.amount_basis WHEN 'unit' THEN line.quantity * line.tax_amount ELSE line.tax_amount END, 0) AS tax
        FROM cancellation_item line JOIN cancellation c ON c.store_id = line.store_id AND c.id = line.cancellation_id
    ) line
    GROUP BY store_id, cancellation_id
) item
WHERE cancellation.store_id = item.store_id AND cancellation.id = item.cancellation_id;

-- CreateIndex
CREATE INDEX "cancellation_by_creation" ON "cancellation"("store_id", "created_at", "id", "status", "settlement", "currency_code", "total_cancel_amount", "total_tax_amount");
