import { beforeAll, describe, expect, test } from "@jest/globals";
import { cancelPayment } from "../../examples/cancel-payment.js";
import { createApolloClient, openCancellationList } from "../../examples/cancellation-list.js";
import { createClient, type Client } from "../../examples/client.js";
import type { CancelPaymentInput } from "../../examples/generated/operations.js";
import { CancellationListDocument } from "../../examples/generated/operations.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();
let client: Client;

beforeAll(() => {
  client = createClient({ endpoint: `${service.url}/graphql`, token: () => Promise.resolve(null) });
});

function input(changes: Record<string, unknown> = {}): CancelPaymentInput {
  return cancelInput(changes) as unknown as CancelPaymentInput;
}

describe("the typed client's screen", () => {
  test("tells the customer of a cancel that succeeded, also the second time", async () => {
    const one = input();
    const told = await cancelPayment(client, one);

    expect(told).toEqual({ do: "tell the customer", returnRequestId: expect.stringMatching(/^RETREQ/u) });
    expect(await cancelPayment(client, one)).toEqual(told);
  });

  test("shows each fault at its field", async () => {
    const told = await cancelPayment(client, input({ orderNo: " ", items: [] }));
    expect(told).toMatchObject({
      do: "show what is wrong",
      faults: expect.arrayContaining([{ field: "input.orderNo", message: expect.any(String) }]),
    });
  });

  test("waits for a cancel whose outcome is not known, and for the one that is in its way", async () => {
    const orderNo = "SIM-RETRY-RECOMMENDED-example";
    const first = await cancelPayment(client, input({ orderNo }));
    const second = await cancelPayment(client, input({ orderNo }));
    expect([first.do, second.do]).toEqual(["wait for the outcome", "wait for the outcome"]);
  });

  test("offers to try again what was not sent, and what EBP rejected", async () => {
    const refused = await cancelPayment(client, input({ orderNo: "SIM-REFUSED-BY-GATEWAY-example" }));
    const rejected = await cancelPayment(client, input({ orderNo: "SIM-CANCELLATION-FAILED-example" }));
    expect(refused.do).toBe("offer to try again with a new key");
    expect(rejected.do).toBe("offer to try again with a new key");
  });

  test("is told by a typed error what it cannot ask", async () => {
    const asking = client.request(CancellationListDocument, { first: 1_000 });
    await expect(asking).rejects.toMatchObject({
      name: "GraphQLRequestError",
      code: "BAD_USER_INPUT",
      message: "Enter a whole number from 1 to 100.",
      requestId: expect.any(String),
    });
  });
});

test("Apollo Client's list grows page by page, shows each once and in order, and keeps each filter and order apart", async () => {
  for (let n = 0; n < 25; n += 1) await cancel(service, cancelInput({ reason: "listed" }));
  const apollo = createApolloClient(`${service.url}/graphql`);
  const list = await openCancellationList(apollo, { reason: "listed" });
  const failed = await openCancellationList(apollo, { statuses: ["FAILED"] });
  const dearest = await openCancellationList(
    apollo,
    { reason: "listed" },
    { field: "TOTAL_CANCEL_AMOUNT", direction: "DESC" },
  );
  expect([list.lines().length, list.hasMore()]).toEqual([20, true]);
  await list.loadMore();
  const rows = await service.sql(
    "SELECT id FROM cancellation WHERE reason = 'listed' ORDER BY created_at DESC, id DESC",
  );

  expect(list.lines().map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  expect(list.hasMore()).toBe(false);
  expect(new Set(failed.lines().map(({ status }) => status))).toEqual(new Set(["FAILED"]));
  expect(dearest.lines()).toHaveLength(20);
  for (const each of [list, failed, dearest]) each.close();
  apollo.stop();
});
