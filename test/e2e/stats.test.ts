import { beforeAll, describe, expect, test } from "@jest/globals";
import { cancel, cancelInput, item } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

const FIELDS =
  "status settlement periodStart periodFrom periodBefore storeId itemType reason failureCode currencyCode count amount taxAmount";
const STATS = `query ($filter: CancellationFilter, $groupBy: [CancellationGroup!]!, $timeZone: String) {
  cancellationStats(filter: $filter, groupBy: $groupBy, timeZone: $timeZone) { ${FIELDS} }
}`;

const GOODS = item({ seq: 1, itemId: "P001", quantity: 2, amount: "300", taxAmount: "30" });
const MORE_GOODS = item({ seq: 2, itemId: "P002", quantity: 1, amount: "100", taxAmount: null });
const DELIVERY = item({ seq: 3, itemType: "DELIVERY", itemId: "D1", amount: "50", taxAmount: "5" });

async function ask(variables: object): Promise<any> {
  const headers = await fixture.bearer("operator-7", ["SIM-KR", "SIM-TWO"]);
  return fixture.service.graphql(STATS, variables, headers);
}

/** Without what was not grouped by. */
async function stats(variables: object): Promise<any[]> {
  const { data, errors } = await ask(variables);
  expect(errors).toBeUndefined();
  return data.cancellationStats.map((stat: object) =>
    Object.fromEntries(Object.entries(stat).filter(([, value]) => value !== null)),
  );
}

/** What a group comes to, in won. */
const sum = (group: object, count: number, amount: string, taxAmount: string): object => ({
  ...group,
  currencyCode: "KRW",
  count,
  amount,
  taxAmount,
});

/** Midnight in Seoul lies between the first two, the end of its month between the last two. */
const MOMENTS: Readonly<Record<string, string>> = {
  "O-1": "2026-03-30T14:59:59.999Z",
  "O-2": "2026-03-30T15:00:00Z",
  "SIM-CANCELLATION-FAILED-1": "2026-03-31T14:59:59Z",
  "O-3": "2026-03-31T15:00:00Z",
};

beforeAll(async () => {
  const requests = [
    { orderNo: "O-1", storeId: "SIM-KR", items: [GOODS, MORE_GOODS, DELIVERY], reason: "Damaged" },
    { orderNo: "O-2", storeId: "SIM-KR", items: [GOODS], reason: null },
    { orderNo: "SIM-CANCELLATION-FAILED-1", storeId: "SIM-KR", items: [GOODS], reason: "Damaged" },
    { orderNo: "O-3", storeId: "SIM-TWO", items: [DELIVERY], reason: "Late" },
  ];
  const headers = await fixture.bearer("caller-1", ["SIM-KR", "SIM-TWO"]);
  for (const request of requests) {
    const total = request.items.reduce((sum, { amount, quantity }: any) => sum + amount * quantity, 0);
    await cancel(fixture.service, cancelInput({ ...request, totalCancelAmount: String(total) }), headers);
    await fixture.service.sql("UPDATE cancellation SET created_at = $2 WHERE order_no = $1", [
      request.orderNo,
      MOMENTS[request.orderNo],
    ]);
  }
  await fixture.service.sql("UPDATE cancellation SET currency_code = 'USD' WHERE store_id = 'SIM-TWO'");
});

describe("sums of cancellations", () => {
  test("never add what is of two currencies, also where nothing is asked to be told apart", async () => {
    expect(await stats({ groupBy: [] })).toEqual([
      sum({}, 3, "1950", "185"),
      { currencyCode: "USD", count: 1, amount: "50", taxAmount: "5" },
    ]);
  });

  test("are by day of the zone that is named, with the moments that find what is in it", async () => {
    const days = await stats({ groupBy: ["DAY"], timeZone: "Asia/Seoul", filter: { storeIds: "SIM-KR" } });
    const [first, second, end] = [29, 30, 31].map((day) => `2026-03-${day}T15:00:00.000Z`);
    expect(days).toEqual([
      sum({ periodStart: "2026-03-30", periodFrom: first, periodBefore: second }, 1, "750", "65"),
      sum({ periodStart: "2026-03-31", periodFrom: second, periodBefore: end }, 2, "1200", "120"),
    ]);
    const { periodFrom: createdFrom, periodBefore: createdBefore } = days[1];
    expect(await stats({ groupBy: ["STATUS"], filter: { createdFrom, createdBefore } })).toEqual([
      sum({ status: "FAILED" }, 1, "600", "60"),
      sum({ status: "SUCCEEDED" }, 1, "600", "60"),
    ]);
  });

  test("are by month, and by week from Monday, in UTC where no zone is named", async () => {
    const starts = async (group: string, timeZone?: string): Promise<unknown[]> =>
      (await stats({ groupBy: [group], timeZone })).map(({ periodStart, count }) => [periodStart, count]);
    expect(await starts("MONTH")).toEqual([
      ["2026-03-01", 3],
      ["2026-03-01", 1],
    ]);
    expect(await starts("MONTH", "Asia/Seoul")).toEqual([
      ["2026-03-01", 3],
      ["2026-04-01", 1],
    ]);
    expect(await starts("WEEK")).toEqual([
      ["2026-03-30", 3],
      ["2026-03-30", 1],
    ]);
  });

  test("by kind of item are of its lines, and count a cancellation once however many of the kind it has", async () => {
    expect(await stats({ groupBy: ["ITEM_TYPE", "STORE"] })).toEqual([
      sum({ storeId: "SIM-KR", itemType: "DELIVERY" }, 1, "50", "5"),
      sum({ storeId: "SIM-KR", itemType: "PHYSICAL" }, 3, "1900", "180"),
      {
        storeId: "SIM-TWO",
        itemType: "DELIVERY",
        currencyCode: "USD",
        count: 1,
        amount: "50",
        taxAmount: "5",
      },
    ]);
  });

  test("of one item are of its lines by kind of item, and of whole cancellations otherwise", async () => {
    const filter = { itemId: "P002" };
    expect(await stats({ groupBy: ["ITEM_TYPE"], filter })).toEqual([
      sum({ itemType: "PHYSICAL" }, 1, "100", "0"),
    ]);
    expect(await stats({ groupBy: [], filter })).toEqual([sum({}, 1, "750", "65")]);
    expect(
      await stats({ groupBy: ["ITEM_TYPE"], filter: { itemType: "DELIVERY", storeIds: "SIM-KR" } }),
    ).toEqual([sum({ itemType: "DELIVERY" }, 1, "50", "5")]);
  });

  test("are by reason and by result code, those without one by themselves and last", async () => {
    expect(await stats({ groupBy: ["REASON"], filter: { storeIds: "SIM-KR" } })).toEqual([
      sum({ reason: "Damaged" }, 2, "1350", "125"),
      sum({}, 1, "600", "60"),
    ]);
    expect(await stats({ groupBy: ["FAILURE_CODE", "SETTLEMENT"], filter: { storeIds: "SIM-KR" } })).toEqual([
      sum({ settlement: "AWAITED" }, 2, "1350", "125"),
      sum({ failureCode: expect.any(String) }, 1, "600", "60"),
    ]);
  });
});

test.each([
  [
    { groupBy: ["DAY"], timeZone: "Asia/Nowhere" },
    ["timeZone"],
    "INVALID_FORMAT",
    /^Use the IANA name of a time zone/u,
  ],
  [{ groupBy: ["DAY", "MONTH"] }, ["groupBy"], "NOT_ALLOWED", /at most one of DAY, WEEK, MONTH\.$/u],
  [{ groupBy: ["STATUS", "STATUS"] }, ["groupBy"], "DUPLICATE", /^STATUS stands more than once\./u],
])("%j is refused, and told what is wrong", async (variables, field, reason, message) => {
  const { errors } = await ask(variables);
  expect(errors).toMatchObject([
    {
      message: expect.stringMatching(message) as unknown,
      extensions: { code: "BAD_USER_INPUT", field, reason },
    },
  ]);
});

test("whoever may not read the history is not told its sums", async () => {
  const headers = await fixture.bearer("caller-1", ["SIM-KR"], { scope: "cancellations:write" });
  const { errors } = await fixture.service.graphql(STATS, { groupBy: [] }, headers);
  expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
});

// Last: what it inserts stays.
test("more sums than can be shown are refused, with what to do about it", async () => {
  await fixture.service.sql(
    `INSERT INTO cancellation SELECT (jsonb_populate_record(c, jsonb_build_object(
       'id', gen_random_uuid(), 'order_no', 'many', 'idempotency_key', 'many-' || n, 'reason', 'many-' || n
     ))).* FROM cancellation c, generate_series(1, 5001) AS n WHERE c.order_no = 'O-1'`,
  );
  const { errors } = await ask({ groupBy: ["REASON"] });
  expect(errors).toMatchObject([
    {
      message: expect.stringMatching(/more than 5000 sums.*`createdFrom`/u) as unknown,
      extensions: { code: "QUERY_TOO_COMPLEX" },
    },
  ]);
});
