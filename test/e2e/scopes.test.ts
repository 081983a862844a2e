import { beforeAll, describe, expect, test } from "@jest/globals";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const world = useTwoStores();
/** Somebody who may cancel, and read nothing. */
let writer: Record<string, string>;
beforeAll(async () => {
  writer = await world.bearer("front-end", ["SIM-KR"], { scope: "cancellations:write" });
});

describe("the viewer", () => {
  const VIEWER = "{ viewer { subject scopes stores { id currencyCode currencyDecimals amountBasis } } }";
  const store = (id: string): object => ({
    id,
    currencyCode: "KRW",
    currencyDecimals: 0,
    amountBasis: "UNIT",
  });

  test("is told the subject, the scopes and the stores of its token", async () => {
    const headers = await world.bearer("desk-1", ["SIM-KR", "SIM-TWO"], {
      scope: "cancellations:read cancellations:resolve",
    });
    const { data } = await world.service.graphql(VIEWER, {}, headers);
    expect(data.viewer).toEqual({
      subject: "desk-1",
      scopes: expect.arrayContaining(["cancellations:read", "cancellations:resolve"]),
      stores: [store("SIM-KR"), store("SIM-TWO")],
    });
    expect(data.viewer.scopes).toHaveLength(2);
  });

  test("needs no scope, and is told of no store that does not exist", async () => {
    const headers = await world.bearer("nobody", ["NO-SUCH"], { scope: "" });
    const { data, errors } = await world.service.graphql(VIEWER, {}, headers);
    expect([data, errors]).toEqual([{ viewer: { subject: "nobody", scopes: [], stores: [] } }, undefined]);
  });
});

describe("a caller who may cancel and not read", () => {
  const selecting = (selection: string): string =>
    `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed ${selection} } }`;

  test.each([
    ["order", selecting("order { cancelledTotal }")],
    ["order", selecting("cancellation { id order { id } }")],
    ["cancellation", selecting("userErrors { code ... on CancelInProgressError { cancellation { id } } }")],
    [
      "cancellation",
      `${selecting("userErrors { ...Reused }")} fragment Reused on IdempotencyKeyReusedError { cancellation { note } }`,
    ],
    ["order", selecting("order @include(if: false) { id }")],
  ])("is refused for `%s` before anything is sent: %s", async (field, query) => {
    const input: any = cancelInput();
    const { status, data, errors } = await world.service.graphql(query, { input }, writer);
    expect([status, data]).toEqual([403, undefined]);
    expect(errors).toEqual([
      {
        message: `\`${field}\` needs the scope cancellations:read, which your token does not have.`,
        extensions: { code: "FORBIDDEN" },
      },
    ]);
    expect(world.service.simulator.ledger.received(input.orderNo)).toEqual([]);
    expect(await world.service.sql("SELECT FROM cancellation WHERE order_no = $1", [input.orderNo])).toEqual(
      [],
    );
  });

  test("gets its own cancel, and what is wrong with it", async () => {
    const query = selecting(
      "cancellation { id status } userErrors { code nextAction ... on OutcomeUnknownError { cancellation { id } } }",
    );
    const input: any = cancelInput();
    const { data } = await world.service.graphql(query, { input }, writer);
    expect(data.cancelPayment).toEqual({
      replayed: false,
      cancellation: { id: expect.any(String), status: "SUCCEEDED" },
      userErrors: [],
    });
    expect(world.service.simulator.ledger.received(input.orderNo)).toHaveLength(1);
    const doubtful = await world.service.graphql(
      query,
      { input: cancelInput({ orderNo: "SIM-SYSTEM-CRITICAL-1" }) },
      writer,
    );
    const { id } = doubtful.data.cancelPayment.cancellation;
    expect(doubtful.data.cancelPayment.userErrors).toEqual([
      { code: "OUTCOME_UNKNOWN", nextAction: "WAIT", cancellation: { id } },
    ]);
  });

  test("learns what to do about another's cancel without seeing it", async () => {
    const orderNo = "SIM-SYSTEM-CRITICAL-2";
    await cancel(world.service, cancelInput({ orderNo }), await world.bearer());
    const { data } = await world.service.graphql(
      selecting("cancellation { id } userErrors { code nextAction }"),
      { input: cancelInput({ orderNo }) },
      writer,
    );
    expect(data.cancelPayment).toEqual({
      replayed: false,
      cancellation: null,
      userErrors: [{ code: "CANCEL_IN_PROGRESS", nextAction: "WAIT" }],
    });
  });
});
