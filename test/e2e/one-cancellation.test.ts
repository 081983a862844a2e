import { beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { HISTORY_PAGE } from "../helpers/history-page.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();
let id: string;

beforeAll(async () => {
  ({ id } = (await cancel(service, cancelInput())).cancellation);
});

describe("one cancellation", () => {
  const BY_ID = "query ($id: ID!) { cancellation(id: $id) { id } }";

  test("with an unknown id is null", async () => {
    const { data, errors } = await service.graphql(BY_ID, { id: randomUUID() });
    expect([data, errors]).toEqual([{ cancellation: null }, undefined]);
  });

  test("is found whatever the case of its id", async () => {
    const { data } = await service.graphql(BY_ID, { id: id.toUpperCase() });
    expect(data.cancellation.id).toBe(id);
  });

  test.each(["1", "x".repeat(5_000), "'; DROP TABLE cancellation; --"])(
    "with the malformed id %.20s is a clear error",
    async (id) => {
      const { errors } = await service.graphql(BY_ID, { id });
      expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: "id" } }]);
      expect(errors?.[0].message).toMatch(/^id: expected an id \(a UUID\), found .{1,80}$/u);
    },
  );

  test("is null for a key that has not been used", async () => {
    const { data } = await service.graphql(`{ cancellationByKey(idempotencyKey: "never") { id } }`);
    expect(data.cancellationByKey).toBeNull();
  });
});

describe("a text or moment that nothing stored can be equal to", () => {
  const NUL = "a\u0000b";
  const HALF = "a\ud800b";

  test.each<[string, string, object, string]>([
    ["a NUL in filter.orderNo", HISTORY_PAGE, { filter: { orderNo: NUL } }, "filter.orderNo"],
    ["half a character in filter.itemId", HISTORY_PAGE, { filter: { itemId: HALF } }, "filter.itemId"],
    [
      "a NUL in filter.returnRequestId",
      HISTORY_PAGE,
      { filter: { returnRequestId: NUL } },
      "filter.returnRequestId",
    ],
    ["a NUL in filter.storeId", HISTORY_PAGE, { filter: { storeId: NUL } }, "filter.storeId"],
    [
      "the year 0 in filter.createdFrom",
      HISTORY_PAGE,
      { filter: { createdFrom: "0000-01-01T00:00:00Z" } },
      "filter.createdFrom",
    ],
    ["an empty filter.orderNo", HISTORY_PAGE, { filter: { orderNo: "" } }, "filter.orderNo"],
    [
      "a NUL in orderNo",
      "query ($value: String!) { order(orderNo: $value) { cancelledTotal } }",
      { value: NUL },
      "orderNo",
    ],
    [
      "a NUL in a key",
      "query ($value: String!) { cancellationByKey(idempotencyKey: $value) { id } }",
      { value: NUL },
      "idempotencyKey",
    ],
    [
      "a cursor of the year 10000",
      HISTORY_PAGE,
      { after: Buffer.from(`created-desc 253402300800000 ${randomUUID()}`).toString("base64url") },
      "after",
    ],
  ])("such as %s is a clear error naming the field", async (_what, query, variables, field) => {
    const { errors } = await service.graphql(query, variables);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field } }]);
  });
});
