import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput, item, PREVIEW } from "../../../helpers/operations.js";
import { NAME, useRefusals } from "../../../helpers/refusals.js";

/** Somebody's number, where a whole number or a text is expected: whatever a caller has at hand is pasted anywhere. */
const DIGITS = "1029384756";
const NUMBER = Number(DIGITS);
const PIECE = /10293|93847|84756|Zaphod|Quibble/u;

const world = useRefusals();

const LIST = `query ($first: Int, $filter: CancellationFilter) {
  cancellations(first: $first, filter: $filter) { edges { cursor } }
}`;
const STATS = `query ($timeZone: String, $largest: Int) {
  cancellationStats(groupBy: [DAY], timeZone: $timeZone, largest: $largest) { count }
}`;
const BY_KEY = `query ($storeId: String) { cancellationByKey(storeId: $storeId, idempotencyKey: "") { id } }`;

/** Field and message of everything that the answer says is wrong. */
async function faultsOf(query: string, variables: object): Promise<{ field: string; message: string }[]> {
  const { errors, data, text } = await world.service.graphql(query, variables);
  const userErrors = data?.cancelPayment?.userErrors ?? data?.cancelPaymentPreview?.userErrors ?? [];
  expect(text).not.toContain("Something went wrong");
  expect(world.service.simulator.ledger.totalReceived).toBe(0);
  return [
    ...(errors ?? []).map(({ message, extensions }: any) => ({ field: extensions.field, message })),
    ...userErrors.map(({ field, message }: any) => ({ field, message })),
  ];
}

describe("a message names the field and what was expected, and never says what was given:", () => {
  test.each<[field: string, changes: Record<string, unknown>]>([
    ["input.storeId", { storeId: NAME }],
    ["input.storeId", { storeId: DIGITS }],
    ["input.totalCancelAmount", { totalCancelAmount: DIGITS }],
    ["input.totalCancelAmount", { totalCancelAmount: `-${DIGITS}` }],
    ["input.totalCancelAmount", { totalCancelAmount: `1.${DIGITS}` }],
    ["input.totalCancelAmount", { totalCancelAmount: `${DIGITS}000000` }],
    ["input.expectedCancelledTotal", { expectedCancelledTotal: `-${DIGITS}` }],
    ["input.items.0.seq", { items: [item({ seq: -NUMBER })] }],
    ["input.items.1.seq", { items: [item({ seq: NUMBER }), item({ seq: NUMBER })] }],
    ["input.items.0.quantity", { items: [item({ quantity: NUMBER })] }],
    ["input.items.0.amount", { items: [item({ amount: `-${DIGITS}` })] }],
    ["input.items.0.taxAmount", { items: [item({ taxAmount: `0.${DIGITS}` })] }],
    ["input.items.0.itemType", { items: [item({ itemType: NAME })] }],
    ["input.items.0.itemId", { items: [item({ itemId: ` ${NAME}` })] }],
    ["input.orderNo", { orderNo: `${NAME}\u200B` }],
    ["input.idempotencyKey", { idempotencyKey: ` ${DIGITS}` }],
  ])("%s in %j", async (field, changes) => {
    for (const operation of [CANCEL, PREVIEW]) {
      const faults = await faultsOf(operation, { input: cancelInput(changes) });
      expect(faults.map((fault) => fault.field)).toContain(field);
      for (const { message } of faults) {
        expect(message).toContain(field);
        expect(message).not.toMatch(PIECE);
      }
    }
  });

  test.each<[field: string, variables: object, query: string]>([
    ["first", { first: NUMBER }, LIST],
    ["filter.amountFrom", { filter: { amountFrom: `-${DIGITS}` } }, LIST],
    ["filter.amountTo", { filter: { amountFrom: DIGITS, amountTo: "1" } }, LIST],
    ["filter.amountTo", { filter: { amountFrom: "9999999999", amountTo: DIGITS } }, LIST],
    [
      "filter.createdBefore",
      { filter: { createdFrom: "1029-03-08T04:07:05Z", createdBefore: "1029-03-08T04:07:05Z" } },
      LIST,
    ],
    ["filter.createdFrom", { filter: { createdFrom: "0000-03-08T04:07:05.847Z" } }, LIST],
    ["filter.inDoubtLongerThanSeconds", { filter: { inDoubtLongerThanSeconds: NUMBER } }, LIST],
    ["filter.orderNo", { filter: { orderNo: DIGITS, orderNoPrefix: NAME } }, LIST],
    ["filter.itemType", { filter: { itemType: NAME } }, LIST],
    ["timeZone", { timeZone: NAME }, STATS],
    ["timeZone", { timeZone: `Asia/${NAME.replace(" ", "")}` }, STATS],
    ["largest", { largest: NUMBER }, STATS],
    ["storeId", { storeId: `${NAME}\u0000` }, BY_KEY],
  ])("%s in %j", async (field, variables, query) => {
    const [fault, ...others] = await faultsOf(query, variables);
    expect([fault?.field, others]).toEqual([field, []]);
    expect(fault?.message).toMatch(/expected|represent/u);
    expect(fault?.message).not.toMatch(PIECE);
    expect(fault?.message).not.toMatch(/1029-03|0000-03/u);
  });
});
