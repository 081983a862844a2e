import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isLosslessNumber, parse } from "lossless-json";
import { computeTotals } from "../../src/cancellation/request/amount-rule.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { items } from "../helpers/arbitraries.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

interface SentBody {
  totalCancelAmount: unknown;
  items: { seq: unknown; amount: unknown; taxAmount?: unknown }[];
}

/** The currency with the most decimals: four. */
const CURRENCY = "CLF";

const service = useService({
  environment: { EBP_CURRENCY_CODE: CURRENCY },
  simulator: { stores: [{ ...DEVELOPMENT_STORE, currencyCode: CURRENCY }] },
});

test("amounts are the same number on the wire, in the database, at EBP, confirmed, and back on the wire", async () => {
  await fc.assert(
    fc.asyncProperty(items(4), async (lines) => {
      const total = computeTotals(lines, "unit").total;
      fc.pre(total.greaterThan(0) && total.lessThan("1e15"));
      const input = cancelInput({
        totalCancelAmount: `${total.toFixed()}${total.isInteger() ? "." : ""}0`,
        items: lines.map((line) => ({
          ...line,
          amount: line.amount.toFixed(4),
          taxAmount: line.taxAmount?.toFixed(4),
        })),
      });
      const { cancellation } = await cancel(service, input);
      const [received] = service.simulator.ledger.received(input["orderNo"] as string);
      const sent = parse(received?.body ?? "") as SentBody;
      const rows = await service.sql(
        `SELECT seq, amount::text, tax_amount::text, line_total::text FROM cancellation_item WHERE cancellation_id = $1`,
        [cancellation.id],
      );

      expect(cancellation).toMatchObject({
        status: "SUCCEEDED",
        totalCancelAmount: total.toFixed(),
        discrepancies: [],
      });
      expect(exact(sent.totalCancelAmount)).toBe(total.toFixed());
      for (const line of lines) {
        const expected = [line.amount.toFixed(), line.taxAmount?.toFixed() ?? null];
        const shown = cancellation.items.find(({ seq }: any) => seq === line.seq);
        const row = rows.find(({ seq }) => seq === line.seq);
        const atEbp = sent.items.find((other) => exact(other.seq) === String(line.seq));
        expect([shown.amount, shown.taxAmount]).toEqual(expected);
        expect([shown.confirmedAmount, shown.confirmedTaxAmount ?? null]).toEqual(expected);
        expect([exact(row.amount), row.tax_amount === null ? null : exact(row.tax_amount)]).toEqual(expected);
        expect([
          exact(atEbp?.amount),
          atEbp?.taxAmount === undefined ? null : exact(atEbp.taxAmount),
        ]).toEqual(expected);
        expect(shown.lineTotal).toBe(line.amount.times(line.quantity).toFixed());
      }
    }),
    { numRuns: 60 },
  );
});

function exact(value: unknown): string {
  return new Decimal(isLosslessNumber(value) ? value.toString() : String(value)).toFixed();
}
