import { beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { isLosslessNumber, parse } from "lossless-json";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { FORCED_BEHAVIOURS } from "../../simulator/order-numbers.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { computeTotals } from "../../src/cancellation/model/cancel-request.js";
import { items } from "../helpers/arbitraries.js";
import { published, PUBLISHED_CANCELS } from "../helpers/examples.js";
import { cancel, CANCELLATION_FIELDS, cancelInput, item, tryCancel } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

/** Of the currency with the most decimals: four. */
const CLF = { ...DEVELOPMENT_STORE, storeId: "SIM-CLF", currencyCode: "CLF" };

const service = useService({
  // Long enough for a loopback answer, short enough for the cases that never answer.
  environment: { EBP_TIMEOUT_MS: "1500" },
  simulator: { slowMs: 50, stores: [DEVELOPMENT_STORE, CLF] },
});

/** What has been stored, and what EBP has received. */
async function reached(): Promise<unknown> {
  const rows = await service.sql("SELECT count(*)::int AS n FROM cancellation");
  return [rows, service.simulator.ledger.totalReceived];
}

/** The number that stands in a JSON or in a row, in its only form. */
function exact(value: unknown): string {
  return new Decimal(isLosslessNumber(value) ? value.toString() : String(value)).toFixed();
}

describe("a cancel", () => {
  const inputs = new Map(
    FORCED_BEHAVIOURS.map(({ prefix }) => [prefix, cancelInput({ orderNo: `${prefix}-${randomUUID()}` })]),
  );
  const first = new Map<string, any>();
  beforeAll(async () => {
    // All at once: several of them wait for EBP until the time is over.
    await Promise.all(
      [...inputs].map(async ([prefix, input]) => first.set(prefix, await cancel(service, input))),
    );
  });

  const expected = {
    accepted: { status: "SUCCEEDED", errors: [], safeToRetry: false, resolvedBy: "RESPONSE" },
    rejected: {
      status: "FAILED",
      errors: ["RejectedByEbpError: RETRY_NEW_KEY"],
      safeToRetry: false,
      resolvedBy: "RESPONSE",
    },
    notSent: {
      status: "FAILED",
      errors: ["NotSentError: RETRY_NEW_KEY"],
      safeToRetry: true,
      resolvedBy: "RESPONSE",
    },
    unknown: {
      status: "UNKNOWN",
      errors: ["OutcomeUnknownError: WAIT"],
      safeToRetry: false,
      resolvedBy: null,
    },
  } as const;

  test.each(FORCED_BEHAVIOURS)(
    "of an order $prefix ($does) ends as $outcome, and is not sent again when it is repeated",
    async ({ prefix, effect, outcome }) => {
      const input = inputs.get(prefix) ?? {};
      const orderNo = String(input["orderNo"]);
      const { cancellation, userErrors } = first.get(prefix);
      const { errors, ...facts } = expected[outcome];

      expect(cancellation).toMatchObject(facts);
      expect(userErrors.map((error: any) => `${error.__typename}: ${error.nextAction}`)).toEqual(errors);
      expect(cancellation.events.map(({ to }: { to: string }) => to)).toEqual(["PENDING", facts.status]);
      expect(cancellation.discrepancies).toEqual(
        prefix === "SIM-DISCREPANCY"
          ? [{ field: "totalProductAmount", asked: "1000", confirmed: "1001" }]
          : [],
      );
      expect(await cancel(service, input)).toEqual({ cancellation, userErrors, replayed: true });
      service.simulator.landLateEffects();
      expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
      expect(service.simulator.ledger.effects(orderNo)).toHaveLength(effect ? 1 : 0);
    },
  );

  test("is rejected with EBP's code, details and tracking id, in the caller's language", async () => {
    const input = (): object => cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` });
    const korean = await cancel(service, input(), { "accept-language": "ko-KR,ko;q=0.9,en;q=0.8" });
    const english = await cancel(service, input(), { "accept-language": "fr, en;q=0.5" });

    expect(english.userErrors[0]).toMatchObject({
      code: "REJECTED_BY_EBP",
      resultCode: "EBP-C-0010",
      requestId: english.cancellation.requestId,
    });
    expect(korean.userErrors[0].ebpMessage).toMatch(/\p{Script=Hangul}/u);
    expect(english.userErrors[0].ebpMessage).not.toMatch(/\p{Script=Hangul}/u);
  });

  test("of 500 items fits, and arrives", async () => {
    const lines = Array.from({ length: 500 }, (_, seq) =>
      item({ seq, amount: "2", itemId: `P-${"x".repeat(20)}-${seq}` }),
    );
    const { cancellation } = await cancel(service, cancelInput({ items: lines, totalCancelAmount: "1000" }));

    expect(cancellation).toMatchObject({ status: "SUCCEEDED", processedCount: 500, discrepancies: [] });
    expect(cancellation.items).toHaveLength(500);
  });

  test("is written by two commits, its intent's and its outcome's", async () => {
    const { id, orderNo } = (await cancel(service, cancelInput())).cancellation;
    const [row] = await service.sql(
      `SELECT count(DISTINCT xmin)::integer AS commits FROM (
         SELECT xmin::text FROM cancellation WHERE id = $1
         UNION ALL SELECT xmin::text FROM cancellation_item WHERE cancellation_id = $1
         UNION ALL SELECT xmin::text FROM cancellation_event WHERE cancellation_id = $1
         UNION ALL SELECT xmin::text FROM cancelled_order WHERE order_no = $2
       ) AS written`,
      [id, orderNo],
    );
    expect(row).toEqual({ commits: 2 });
  });

  test("has the same amounts on the wire, in the database, at EBP, confirmed, and back on the wire", async () => {
    const clf = await service.replica({ EBP_STORE_ID: CLF.storeId, EBP_CURRENCY_CODE: CLF.currencyCode });
    await fc.assert(
      fc.asyncProperty(items(4), async (lines) => {
        const { total } = computeTotals(lines, "unit");
        fc.pre(total.greaterThan(0) && total.lessThan("1e15"));
        const input = cancelInput({
          totalCancelAmount: `${total.toFixed()}${total.isInteger() ? "." : ""}0`,
          items: lines.map((line) => ({
            ...line,
            amount: line.amount.toFixed(4),
            taxAmount: line.taxAmount?.toFixed(4),
          })),
        });
        const { cancellation } = await cancel(clf, input);
        const [received] = service.simulator.ledger.received(String(input["orderNo"]));
        const sent: any = parse(received?.body ?? "");
        const rows = await service.sql(
          "SELECT seq, amount::text, tax_amount::text FROM cancellation_item WHERE cancellation_id = $1",
          [cancellation.id],
        );

        expect(cancellation).toMatchObject({
          status: "SUCCEEDED",
          totalCancelAmount: total.toFixed(),
          discrepancies: [],
        });
        expect(exact(sent.totalCancelAmount)).toBe(total.toFixed());
        for (const line of lines) {
          const shown = cancellation.items.find(({ seq }: any) => seq === line.seq);
          const row = rows.find(({ seq }) => seq === line.seq);
          const atEbp = sent.items.find((other: any) => exact(other.seq) === String(line.seq));
          expect(shown.lineTotal).toBe(line.amount.times(line.quantity).toFixed());
          for (const [amount, tax] of [
            [shown.amount, shown.taxAmount],
            [shown.confirmedAmount, shown.confirmedTaxAmount],
            [exact(row.amount), row.tax_amount && exact(row.tax_amount)],
            [exact(atEbp.amount), atEbp.taxAmount && exact(atEbp.taxAmount)],
          ])
            expect([amount, tax ?? null]).toEqual([line.amount.toFixed(), line.taxAmount?.toFixed() ?? null]);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe("a request that cannot be accepted", () => {
  const LINES = [item(), item({ seq: 2 }), item({ seq: 3, amount: "0.001" })];
  const limits = (reason: string, min: string | null, max: string): object => ({ reason, min, max });
  test.each<[string, Record<string, unknown>, string, object]>([
    ["0.001 won", { items: LINES }, "items.2.amount", limits("TOO_MANY_DECIMALS", null, "0")],
    ["a long key", { idempotencyKey: "k".repeat(300) }, "idempotencyKey", limits("TOO_LONG", null, "255")],
    [
      "an account number of three digits",
      { refundAccount: { accountNumber: "123" } },
      "refundAccount.accountNumber",
      limits("TOO_SHORT", "4", "34"),
    ],
  ])("for %s is told which field; nothing is stored or sent", async (_what, changes, field, more) => {
    const before = await reached();
    const payload = await cancel(service, cancelInput(changes));

    expect(payload).toMatchObject({ cancellation: null, replayed: false });
    const kind = { __typename: "InvalidInputError", code: "INVALID_INPUT", nextAction: "CORRECT_INPUT" };
    expect(payload.userErrors).toContainEqual({
      ...kind,
      field: ["input", ...field.split(".")],
      message: expect.any(String),
      ...more,
    });
    expect(await reached()).toEqual(before);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["1e400", { totalCancelAmount: "1e400" }, "input.totalCancelAmount"],
    ["half a unit", { items: [item({ quantity: 0.5 })] }, "input.items.0.quantity"],
  ])(
    "for %s is refused at parsing, naming the field; nothing is stored or sent",
    async (_what, changes, field) => {
      const before = await reached();
      const { status, errors } = await tryCancel(service, cancelInput(changes));

      expect(status).toBe(400);
      expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: field.split(".") } }]);
      expect(await reached()).toEqual(before);
    },
  );

  test("because the total is not the sum is told both, and the basis in words; nothing is stored or sent", async () => {
    const before = await reached();
    const { userErrors } = await cancel(service, cancelInput({ totalCancelAmount: "999" }));

    expect(userErrors).toMatchObject([
      {
        __typename: "AmountMismatchError",
        code: "AMOUNT_MISMATCH",
        statedTotal: "999",
        computedTotal: "1000",
        nextAction: "CORRECT_INPUT",
      },
    ]);
    expect(userErrors[0].message).toContain("the sum of quantity × amount");
    expect(await reached()).toEqual(before);
  });
});

describe.each(PUBLISHED_CANCELS)("the published %s example", (name) => {
  const example = JSON.parse(published(`${name}.request`)) as { orderNo: string };
  const answer = JSON.parse(published(`${name}.response`)) as { data: Record<string, number> };
  let payload: any;
  beforeAll(async () => {
    payload = await cancel(service, { idempotencyKey: name, ...example });
  });

  /** JSON with every number replaced by its value, whatever its formatting, and keys in their order. */
  const canonical = (json: string): string =>
    JSON.stringify(parse(json), (_key, value: unknown) =>
      isLosslessNumber(value) ? `number ${exact(value)}` : value,
    );

  test("reaches EBP byte for byte, number formatting aside, with every header and a right signature", () => {
    const received: any = service.simulator.ledger.received(example.orderNo).at(-1);
    expect(canonical(received.body)).toBe(canonical(published(`${name}.request`)));
    expect(received).toMatchObject({
      outcome: "0",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-length": String(Buffer.byteLength(received.body, "utf8")),
        accept: "application/json",
        "x-division-code": DEVELOPMENT_STORE.divisionCode,
        "x-store-id": DEVELOPMENT_STORE.storeId,
        "x-channel-code": DEVELOPMENT_STORE.channelCode,
        "x-ric-code": DEVELOPMENT_STORE.ricCode,
        "x-country-code": DEVELOPMENT_STORE.countryCode,
        "x-currency-code": DEVELOPMENT_STORE.currencyCode,
      },
    });
  });

  test("succeeds with the published totals, and comes back from every query as the mutation answered it", async () => {
    const { cancellation, userErrors } = payload;
    expect(userErrors).toEqual([]);
    expect(cancellation).toMatchObject({
      status: "SUCCEEDED",
      processedCount: answer.data["processedCount"],
      totalProductAmount: String(answer.data["totalProductAmount"]),
      totalProductTaxAmount: String(answer.data["totalProductTaxAmount"]),
      totalDeliveryAmount: "0",
      totalDeliveryTaxAmount: "0",
      discrepancies: [],
    });
    const { id, orderNo, returnRequestId } = cancellation;
    const { data } = await service.graphql(
      `query ($id: ID!, $key: String!, $orderNo: String!, $returnRequestId: String!) {
        byId: cancellation(id: $id) { ...All }
        node(id: $id) { ...All }
        byKey: cancellationByKey(idempotencyKey: $key) { ...All }
        list: cancellations(filter: { returnRequestId: $returnRequestId }) { edges { node { ...All } } }
        order(orderNo: $orderNo) { cancellations { edges { node { ...All } } } }
      }
      fragment All on Cancellation { ${CANCELLATION_FIELDS} }`,
      { id, key: name, orderNo, returnRequestId },
    );
    expect([data.byId, data.node, data.byKey]).toEqual([cancellation, cancellation, cancellation]);
    expect(data.list.edges).toEqual([{ node: cancellation }]);
    expect(data.order.cancellations.edges).toContainEqual({ node: cancellation });
  });
});
