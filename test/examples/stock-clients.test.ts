import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, jest, test } from "@jest/globals";
import { createClient } from "graphql-sse";
import { print } from "graphql";
import {
  createOperationDescriptor,
  fetchQuery,
  getFragment,
  getRequest,
  getSingularSelector,
} from "relay-runtime";
import {
  OrderChangedDocument,
  type CancelPaymentInput,
  type OrderChangedSubscription,
} from "../../examples/generated/operations.js";
import orderFragment from "../../examples/relay/__generated__/OrderCancellations_order.graphql.js";
import pageQuery, {
  type OrderCancellationsPageQuery,
} from "../../examples/relay/__generated__/OrderCancellationsPageQuery.graphql.js";
import orderQuery, {
  type OrderCancellationsQuery,
} from "../../examples/relay/__generated__/OrderCancellationsQuery.graphql.js";
import { createEnvironment } from "../../examples/relay/environment.js";
import { cancelPayment, showCancellations, type ShownList } from "../../examples/urql/cancellations.js";
import { createUrqlClient } from "../../examples/urql/client.js";
import { until } from "../helpers/gate.js";
import { cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();

/** @returns the cancellation's id. */
async function cancelled(changes: Record<string, unknown>): Promise<string> {
  const { data } = await service.graphql(
    "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { cancellation { id } userErrors { code } } }",
    { input: cancelInput(changes) },
  );
  expect(data.cancelPayment.userErrors).toEqual([]);
  return data.cancelPayment.cancellation.id;
}

test("what the examples generate, Relay's artifacts too, is what the schema says", () => {
  const script = fileURLToPath(new URL("../../scripts/generate-examples.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("urql's list grows page by page, and shows a cancel that urql has sent", async () => {
  const warned = jest.spyOn(console, "warn");
  for (let n = 0; n < 25; n += 1) await cancelled({ reason: "by urql" });
  const client = createUrqlClient({ endpoint: `${service.url}/graphql`, token: () => null });
  let shown: ShownList = { lines: [], more: null, error: null };
  const shows = async (holds: () => boolean): Promise<void> => {
    await until(() => shown.error !== null || holds());
    expect(shown.error).toBeNull();
  };
  const close = showCancellations(client, "by urql", (list) => (shown = list));
  await shows(() => shown.lines.length === 20);
  shown.more?.();
  await shows(() => shown.lines.length === 25);
  const input = cancelInput({ reason: "by urql" }) as unknown as CancelPaymentInput;
  const { cancellation, userErrors } = await cancelPayment(client, input);
  expect({ status: cancellation?.status, userErrors }).toEqual({ status: "SUCCEEDED", userErrors: [] });
  await shows(() => shown.lines[0]?.orderNo === input.orderNo);
  close();
  // Graphcache warns of what it cannot keep: a type without a key, a field that the schema does not have.
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test("Relay pages through an order's cancellations by the order's id, and joins the pages", async () => {
  const orderNo = "ORD-relay";
  for (let n = 0; n < 13; n += 1) await cancelled({ orderNo });
  const environment = createEnvironment({
    endpoint: `${service.url}/graphql`,
    token: () => Promise.resolve(null),
  });
  const operation = createOperationDescriptor(getRequest(orderQuery), { orderNo });
  environment.retain(operation);
  await fetchQuery<OrderCancellationsQuery>(environment, orderQuery, { orderNo }).toPromise();
  const read = (): any => {
    const { order } = environment.lookup(operation.fragment).data as any;
    const selector = getSingularSelector(getFragment(orderFragment), order);
    return environment.lookup(selector).data;
  };
  const { id, cancellations } = read();
  expect(cancellations.edges).toHaveLength(10);
  const variables = { id, after: cancellations.pageInfo.endCursor, first: 10 };
  await fetchQuery<OrderCancellationsPageQuery>(environment, pageQuery, variables).toPromise();
  const rows = await service.sql(
    "SELECT id FROM cancellation WHERE order_no = $1 ORDER BY created_at DESC, id DESC",
    [orderNo],
  );
  expect(read().cancellations.edges.map(({ node }: any) => node.id)).toEqual(rows.map((row) => row.id));
});

test("graphql-sse's client gets an order's changes at /graphql/stream", async () => {
  const orderNo = "ORD-followed";
  const client = createClient({ url: `${service.url}/graphql/stream`, retryAttempts: 0 });
  const request = { query: print(OrderChangedDocument), variables: { orderNo } };
  let connected = (): void => undefined;
  const following = new Promise<void>((resolve) => (connected = resolve));
  const changes = client.iterate<OrderChangedSubscription>(request, { connected: () => connected() });
  const first = changes.next();
  await following;
  const id = await cancelled({ orderNo });
  const { value } = await first;
  expect(value).toEqual({ data: { cancellationChanged: { id } } });
  await changes.return?.();
  client.dispose();
});
