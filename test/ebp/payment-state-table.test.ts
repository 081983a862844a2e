import { describe, expect, test } from "@jest/globals";
import type { PaymentState } from "../../src/cancellation/model/payment-gateway.js";
import type { PaymentStatuses } from "../../src/cancellation/model/payment-gateway.js";
import { PAYMENT_STATE_TABLE } from "../../src/ebp/payment-state-table.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

type Case = readonly [what: string, httpStatus: number, body: string, shows: PaymentState, reason: string];

function details(data: unknown, resultCode = "0"): string {
  const fields = { resultCode, message: "M", requestId: "R", timestamp: "2025-01-02T10:00:00Z" };
  return JSON.stringify({ ...fields, data });
}

function payment(fields: Readonly<Record<string, unknown>>): string {
  return details({ orderNo: "ORD-1", storeRequestNo: "S-1", ...fields });
}

const NOT_EBPS = "not EBP's, or cannot be read";
const NO_DETAILS = "did not give the details";
const OTHER_ORDER = "name no order, or another one";
const HAS_CANCEL_ID = "gateway's id of a cancel, but not";
const ODD_CANCEL_ID = "is not as documented";
const UNTOUCHED = "before any cancel";
const SAYS_NOTHING = "says nothing about cancels";
const APPROVED = payment({ paymentStatus: "APPROVED" });

const CASES: readonly Case[] = [
  ["a page", 200, "<html></html>", "UNCLEAR", NOT_EBPS],
  ["nothing", 200, "", "UNCLEAR", NOT_EBPS],
  ["a page", 404, "<html></html>", "UNCLEAR", NOT_EBPS],
  ["half a document", 200, APPROVED.slice(0, -10), "UNCLEAR", NOT_EBPS],
  ["a numeric result code", 200, APPROVED.replace('"0"', "0"), "UNCLEAR", NOT_EBPS],
  [
    "two states",
    200,
    APPROVED.replace('"APPROVED"', '"APPROVED","paymentStatus":"FAIL"'),
    "UNCLEAR",
    NOT_EBPS,
  ],

  ["an error", 400, details(null, "EBP-C-0004"), "UNCLEAR", NO_DETAILS],
  ["an error", 200, details(null, "EBP-D-0001"), "UNCLEAR", NO_DETAILS],
  [
    "details under an error",
    200,
    details({ orderNo: "ORD-1", paymentStatus: "APPROVED" }, "EBP-Z-0010"),
    "UNCLEAR",
    NO_DETAILS,
  ],
  ["an order that is not known", 404, details(null, "EBP-Z-0002"), "UNCLEAR", NO_DETAILS],
  ["details", 500, APPROVED, "UNCLEAR", "contradicts the HTTP status"],
  ["details", 404, APPROVED, "UNCLEAR", "contradicts the HTTP status"],
  ["details", 302, APPROVED, "UNCLEAR", "contradicts the HTTP status"],

  ["no data", 200, details(null), "UNCLEAR", OTHER_ORDER],
  ["a list for data", 200, details([{ orderNo: "ORD-1" }]), "UNCLEAR", OTHER_ORDER],
  ["no order", 200, details({ paymentStatus: "APPROVED" }), "UNCLEAR", OTHER_ORDER],
  ["another order", 200, details({ orderNo: "ORD-2", paymentStatus: "APPROVED" }), "UNCLEAR", OTHER_ORDER],
  [
    "another order's cancel",
    200,
    details({ orderNo: "ORD-10", paymentStatus: "REFUND_REQUESTED", pgCancelTransactionId: "T" }),
    "UNCLEAR",
    OTHER_ORDER,
  ],

  [
    "the configured word",
    200,
    payment({ paymentStatus: "ALL_GONE" }),
    "WHOLLY_CANCELLED",
    "means wholly cancelled",
  ],
  [
    "the configured word, and an id",
    200,
    payment({ paymentStatus: "ALL_GONE", pgCancelTransactionId: 7 }),
    "WHOLLY_CANCELLED",
    "means wholly cancelled",
  ],
  [
    "an id of a cancel",
    200,
    payment({ paymentStatus: "CAPTURED", pgCancelTransactionId: "T-1" }),
    "CANCELLED_IN_PART",
    HAS_CANCEL_ID,
  ],
  [
    "an id, and an unknown state",
    200,
    payment({ paymentStatus: "CANCELED", pgCancelTransactionId: "T-1" }),
    "CANCELLED_IN_PART",
    HAS_CANCEL_ID,
  ],
  ["an id, and no state", 200, payment({ pgCancelTransactionId: "T-1" }), "CANCELLED_IN_PART", HAS_CANCEL_ID],
  [
    "REFUND_REQUESTED",
    200,
    payment({ paymentStatus: "REFUND_REQUESTED" }),
    "CANCELLED_IN_PART",
    "REFUND_REQUESTED: a refund",
  ],
  [
    "REFUND_REQUESTED, and an odd id",
    200,
    payment({ paymentStatus: "REFUND_REQUESTED", pgCancelTransactionId: false }),
    "CANCELLED_IN_PART",
    "REFUND_REQUESTED: a refund",
  ],
  ...[7, 0, true, false, {}, [], ["T"], "  "].map((id): Case => [
    `the id ${JSON.stringify(id)}`,
    200,
    payment({ paymentStatus: "APPROVED", pgCancelTransactionId: id }),
    "UNCLEAR",
    ODD_CANCEL_ID,
  ]),

  ["APPROVED", 200, APPROVED, "UNCANCELLED", UNTOUCHED],
  ["APPROVED", 201, APPROVED, "UNCANCELLED", UNTOUCHED],
  [
    "CAPTURED, and null for the id",
    200,
    payment({ paymentStatus: "CAPTURED", pgCancelTransactionId: null }),
    "UNCANCELLED",
    UNTOUCHED,
  ],
  [
    "CAPTURED, and an empty id",
    200,
    payment({ paymentStatus: "CAPTURED", pgCancelTransactionId: "" }),
    "UNCANCELLED",
    UNTOUCHED,
  ],

  ...["REQUESTED", "FAIL", "CANCELLED", "VOIDED", "approved", "APPROVED ", ""].map((status): Case => [
    JSON.stringify(status),
    200,
    payment({ paymentStatus: status }),
    "UNCLEAR",
    SAYS_NOTHING,
  ]),
  ["no state", 200, payment({}), "UNCLEAR", SAYS_NOTHING],
  ["a list of states", 200, payment({ paymentStatus: ["APPROVED"] }), "UNCLEAR", SAYS_NOTHING],
];

const statuses: PaymentStatuses = { uncancelled: ["APPROVED", "CAPTURED"], whollyCancelled: ["ALL_GONE"] };

test.each(CASES)("takes %s with HTTP %i for %4$s", async (_what, httpStatus, body, shows, reason) => {
  const { state, evidence } = await ebp.lookupOf(
    httpAnswer(httpStatus, body),
    {},
    { paymentStatuses: statuses },
  );
  expect(evidence.basis).toContain(reason);
  expect(state).toBe(shows);
  expect(evidence).toMatchObject({ httpStatus, rawAnswer: body });
});

/** The rows about exchanges without a whole answer have tests of their own. */
test("has a case for every row about a whole answer", () => {
  const rows = PAYMENT_STATE_TABLE.filter(({ reason }) => !/never left|No complete answer/u.test(reason));
  const uncovered = rows.filter(
    ({ reason }) => !CASES.some(([, , , , expected]) => reason.includes(expected)),
  );
  expect(rows.length).toBe(PAYMENT_STATE_TABLE.length - 2);
  expect(uncovered).toEqual([]);
});

describe("EBP's words for states are settings", () => {
  const shown = async (status: string, paymentStatuses?: PaymentStatuses): Promise<PaymentState> => {
    const answer = httpAnswer(200, payment({ paymentStatus: status }));
    const changes = paymentStatuses === undefined ? {} : { paymentStatuses };
    return (await ebp.lookupOf(answer, {}, changes)).state;
  };

  test("of which APPROVED and CAPTURED are known from the start", async () => {
    expect(await shown("APPROVED")).toBe("UNCANCELLED");
    expect(await shown("CAPTURED")).toBe("UNCANCELLED");
  });

  test.each(["CANCELLED", "CANCELED", "VOIDED", "PAYMENT_VOIDED", "REFUNDED", "CANCEL"])(
    "and %s is not guessed to be wholly cancelled",
    async (status) => {
      expect(await shown(status)).toBe("UNCLEAR");
    },
  );

  test("that can be replaced", async () => {
    const others = { uncancelled: ["PAID"], whollyCancelled: ["VOIDED"] };
    expect(await shown("PAID", others)).toBe("UNCANCELLED");
    expect(await shown("VOIDED", others)).toBe("WHOLLY_CANCELLED");
    expect(await shown("APPROVED", others)).toBe("UNCLEAR");
  });
});
