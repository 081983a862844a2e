import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  computeTotals,
  ITEM_TYPES,
  type CancelItem,
  type CancelPaymentInput,
} from "../../../src/cancellation/model/cancel-request.js";
import { checkRequest } from "../../../src/cancellation/request/check-request.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { REASONS } from "../../../src/cancellation/model/fault.js";
import { LANGUAGES } from "../../../src/cancellation/model/payment-gateway.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import type { UserError } from "../../../src/cancellation/model/user-error.js";
import { describeUserError, MESSAGES } from "../../../src/messages/messages.js";
import { amount, items } from "../../helpers/arbitraries.js";
import { callerOf, cancelItem, cancelRequest } from "../../helpers/examples.js";

const KRW: Store = { id: "KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" };
const USD: Store = { id: "US", currencyCode: "USD", currencyDecimals: 2, amountBasis: "line" };
const STORES = new Map([KRW, USD].map((store) => [store.id, store]));
const CALLER = callerOf("KR");

function input(changes: Partial<CancelPaymentInput> = {}): CancelPaymentInput {
  return { ...cancelRequest(), storeId: null, ...changes };
}

function faultsOf(changes: Partial<CancelPaymentInput>, caller = CALLER): Told[] {
  const checked = checkRequest(input(changes), caller, STORES);
  return checked.ok ? [] : checked.errors.map(told);
}

type Told = readonly [what: string, field: string | null, details: Readonly<Record<string, unknown>>];

/** A fault by its kind, its field and what it brings; another error by its code. */
function told(error: UserError): Told {
  if (error.code !== "INVALID_INPUT") return [error.code, error.field, {}];
  const { kind, field, ...details } = error.fault;
  expect(error).toMatchObject({ field, nextAction: "CORRECT_INPUT" });
  return [
    kind,
    field,
    Object.fromEntries(Object.entries(details).map(([name, value]) => [name, plain(value)])),
  ];
}

function plain(value: unknown): unknown {
  return value instanceof Decimal ? value.toFixed() : value;
}

const one = (changes: Partial<CancelItem>) => ({ items: [cancelItem(changes)] });
const ofSeqs = (...seqs: number[]) => ({ items: seqs.map((seq) => cancelItem({ seq })) });
const total = (text: string) => ({ totalCancelAmount: new Decimal(text) });
const to = (accountNumber: string, bankCode: string | null = null) => ({
  refundAccount: { accountNumber, bankCode },
});

/** Among them joiners, variation selectors, fillers, a direction mark and blanks that are no space. */
const INVISIBLE = Array.from(
  "\u200B\u200D\u00AD\uFEFF\u2060\uFE0F\u{E0101}\u034F\u3164\u115F\u202E\u00A0\u3000",
);

describe("a request", () => {
  test("is accepted when every rule holds", () => {
    expect(faultsOf({})).toEqual([]);
  });

  const whole = (min: number, max: number) => ({ min, max });
  const inWon = { max: 0, currencyCode: "KRW" };
  test.each<[field: string, kind: string, details: object, changes: Partial<CancelPaymentInput>]>([
    ["orderNo", "surroundingBlanks", {}, { orderNo: "ORD-1 " }],
    ["orderNo", "surroundingBlanks", {}, { orderNo: "\u00a01" }],
    ["items.0.itemId", "surroundingBlanks", {}, one({ itemId: " P1" })],
    ["storeId", "tooLong", { max: 100 }, { storeId: "S".repeat(90_000) }],
    ["storeId", "storeUnknown", {}, { storeId: "XX" }],
    ["storeId", "storeUnknown", {}, { storeId: "US" }],
    ["idempotencyKey", "blank", { max: 255 }, { idempotencyKey: "" }],
    ["idempotencyKey", "tooLong", { max: 255 }, { idempotencyKey: "k".repeat(300) }],
    ["orderNo", "unreadable", {}, { orderNo: "A\u0000B" }],
    ["items", "noItems", { min: 1, max: 500 }, ofSeqs()],
    ["items", "tooManyItems", { min: 1, max: 500 }, ofSeqs(...Array(501).keys())],
    ["items.2.seq", "duplicateSeq", { firstItem: 0 }, ofSeqs(7, 8, 7)],
    ["items.0.seq", "outOfRange", whole(0, 2_147_483_647), ofSeqs(-1)],
    ["items.0.quantity", "outOfRange", whole(1, 1_000_000), one({ quantity: 0 })],
    ["items.0.amount", "belowLeast", { min: "0" }, one({ amount: new Decimal(-5) })],
    ["items.0.amount", "tooManyDecimals", inWon, one({ amount: new Decimal("0.001") })],
    ["items.0.taxAmount", "tooManyDecimals", inWon, one({ taxAmount: new Decimal("0.1") })],
    ["totalCancelAmount", "aboveMost", { max: "999999999999999" }, total("1e400")],
    ["totalCancelAmount", "notANumber", {}, total("NaN")],
    ["reason", "tooLong", { max: 500 }, { reason: "r".repeat(501) }],
    ["refundAccount.accountNumber", "accountTooShort", whole(4, 34), to("1-2 3")],
    ["refundAccount.accountNumber", "accountTooLong", whole(4, 34), to("1".repeat(35))],
    ["refundAccount.accountNumber", "accountCharacters", {}, to("12/345")],
    ["refundAccount.accountNumber", "accountWithoutDigit", {}, to("Zaphod")],
    ["refundAccount.bankCode", "blank", { max: 20 }, to("12345678", " ")],
  ])(
    "is refused with the field, what is wrong and what is allowed: %s, %s, %j",
    (field, kind, details, changes) => {
      expect(faultsOf(changes)).toContainEqual([kind, `input.${field}`, details]);
    },
  );

  test.each(INVISIBLE)("with %j, which nobody sees, in an identifier is refused", (hidden) => {
    const text = `ORD${hidden}1`;
    const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const fields = ["idempotencyKey", "orderNo", "items.0.itemId"];
    expect(faultsOf({ orderNo: text, idempotencyKey: text, ...one({ itemId: text }) })).toEqual(
      fields.map((field) => ["invisible", `input.${field}`, { character: `U+${code}` }]),
    );
  });

  test("with an order number in another Unicode form is refused", () => {
    const orderNo = "주문-1";
    expect(faultsOf({ orderNo: orderNo.normalize("NFD") })).toEqual([["notNormalised", "input.orderNo", {}]]);
    expect(faultsOf({ orderNo: orderNo.normalize("NFC") })).toEqual([]);
  });

  test("without a store is refused when the caller can act for several", () => {
    expect(faultsOf({}, callerOf("KR", "US"))).toEqual([["storeRequired", "input.storeId", {}]]);
  });

  test("keeps newlines in its note, and leading zeros of the account number, without spaces and hyphens", () => {
    const refundAccount = { accountNumber: " 0012-34 5678 ", bankCode: "001", accountHolderName: "홍길동" };
    const checked = checkRequest(input({ note: "one\ntwo", refundAccount }), CALLER, STORES);

    expect(checked).toMatchObject({
      ok: true,
      request: { note: "one\ntwo", refundAccount: { accountNumber: "0012345678" } },
    });
  });

  test("with a total that is not the sum is told both, and the basis in words", () => {
    const checked = checkRequest(input(total("999")), CALLER, STORES);
    if (checked.ok) throw new Error("it was accepted");
    const [error, ...others] = checked.errors;
    if (error?.code !== "AMOUNT_MISMATCH") throw new Error("it is told of something else");
    expect(others).toEqual([]);
    expect(error).toMatchObject({ field: "input.totalCancelAmount", nextAction: "CORRECT_INPUT" });
    expect([error.statedTotal, error.computedTotal].map(String)).toEqual(["999", "1000"]);
    const message = describeUserError(error, MESSAGES.en);
    expect(message).toContain("the sum of the items, which is 1000 (the sum of quantity × amount)");
  });

  test("is judged by its store's basis only: a total that fits the other one is refused", () => {
    const twoUnits = [cancelItem({ quantity: 2, amount: new Decimal(500) })];
    const us = callerOf("US");
    const byUnit = input({ items: twoUnits, totalCancelAmount: new Decimal(1000) });
    const byLine = input({ items: twoUnits, totalCancelAmount: new Decimal(500) });

    expect(checkRequest(byUnit, CALLER, STORES).ok).toBe(true);
    expect(checkRequest(byLine, CALLER, STORES).ok).toBe(false);
    expect(checkRequest(byUnit, us, STORES).ok).toBe(false);
    expect(checkRequest(byLine, us, STORES).ok).toBe(true);
  });

  test("is accepted for exactly the computed total, whatever the items", () => {
    const stores = new Map([["KR", { ...KRW, currencyDecimals: 2 }]]);
    fc.assert(
      fc.property(items(2), fc.bigInt({ min: -5n, max: 5n }), (lines, off) => {
        const { total: computed } = computeTotals(lines, "unit");
        fc.pre(computed.greaterThan(1));
        const totalCancelAmount = computed.plus(new Decimal(off.toString()).dividedBy(100));
        const { ok } = checkRequest(input({ items: lines, totalCancelAmount }), CALLER, stores);
        expect(ok).toBe(off === 0n);
      }),
    );
  });
});

describe("all that is wrong with a request is reported at once:", () => {
  const LEAST_WON = { min: "1" };

  test("each field has a fault of its own", () => {
    expect(faultsOf({ ...to("1"), idempotencyKey: "", ...total("-1") })).toEqual([
      ["accountTooShort", "input.refundAccount.accountNumber", { min: 4, max: 34 }],
      ["blank", "input.idempotencyKey", { max: 255 }],
      ["notPositive", "input.totalCancelAmount", LEAST_WON],
    ]);
  });

  test("a store that is unknown hides no other fault", () => {
    expect(faultsOf({ storeId: "XX", orderNo: "", ...one({ quantity: 0 }) })).toEqual([
      ["storeUnknown", "input.storeId", {}],
      ["blank", "input.orderNo", { max: 100 }],
      ["outOfRange", "input.items.0.quantity", { min: 1, max: 1_000_000 }],
    ]);
  });

  test("a store that is unknown has no currency: decimals that some store allows are no fault", () => {
    const cents = { ...total("0.0001"), ...one({ amount: new Decimal("0.0001") }) };
    expect(faultsOf({ storeId: "XX", ...cents })).toEqual([["storeUnknown", "input.storeId", {}]]);
  });

  test("a total that is not the sum, beside a fault that is not about amounts", () => {
    expect(faultsOf({ idempotencyKey: "", ...total("999") })).toEqual([
      ["blank", "input.idempotencyKey", { max: 255 }],
      ["AMOUNT_MISMATCH", "input.totalCancelAmount", {}],
    ]);
  });

  test("with an invalid amount there is no sum that a total could differ from", () => {
    const faults = faultsOf({ ...total("999"), ...one({ amount: new Decimal(-5) }) });
    expect(faults).toEqual([["belowLeast", "input.items.0.amount", { min: "0" }]]);
  });

  test.each(["0", "-0", "-1", "-0.5", "-1e30"])("a total of %s is not positive", (amount) => {
    expect(faultsOf(total(amount))).toEqual([["notPositive", "input.totalCancelAmount", LEAST_WON]]);
    expect(REASONS.notPositive).toBe("OUT_OF_RANGE");
  });

  test("the least total is one of the smallest unit of the store's currency", () => {
    const faults = faultsOf({ storeId: "US", ...total("0") }, callerOf("US"));
    expect(faults).toEqual([["notPositive", "input.totalCancelAmount", { min: "0.01" }]]);
    const cent = { ...total("0.01"), ...one({ amount: new Decimal("0.01") }) };
    expect(faultsOf({ storeId: "US", ...cent }, callerOf("US"))).toEqual([]);
  });

  test("half a won has too many decimals, and half a cent too", () => {
    const field = "input.totalCancelAmount";
    expect(faultsOf(total("0.5"))).toEqual([["tooManyDecimals", field, { max: 0, currencyCode: "KRW" }]]);
    expect(faultsOf({ storeId: "US", ...total("0.005") }, callerOf("US"))).toEqual([
      ["tooManyDecimals", field, { max: 2, currencyCode: "USD" }],
    ]);
    expect(REASONS.tooManyDecimals).toBe("TOO_MANY_DECIMALS");
  });

  test("of very many faults, the first fifty are reported", () => {
    const items = Array.from({ length: 500 }, (_, seq) => cancelItem({ seq, quantity: 0 }));
    expect(faultsOf({ items })).toHaveLength(50);
  });
});

describe("whatever is wrong with a request,", () => {
  // Marked, so that it cannot stand in a message by chance.
  const marked = fc.string({ maxLength: 300 }).map((text) => `§${text}`);
  const texts = fc.oneof(marked, fc.constantFrom("", " ", "§\u0000", " §", "§\u200B", "§é"));
  const amounts = fc.oneof(
    fc.constantFrom("0", "-1", "0.5", "0.001", "1e400", "NaN", "1000").map((text) => new Decimal(text)),
    amount(4),
  );
  const lines = fc.record({
    seq: fc.integer({ min: -1, max: 2 }),
    itemType: fc.constantFrom(...ITEM_TYPES),
    itemId: texts,
    quantity: fc.constantFrom(-1, 0, 1, 2_000_000),
    amount: amounts,
    taxAmount: fc.option(amounts),
  });
  const accounts = fc.record({
    accountNumber: fc.oneof(texts, fc.constantFrom("§12345678", "1", "Zaphod", "Q1".repeat(20))),
    bankCode: fc.option(texts),
    accountHolderName: fc.option(texts),
  });
  const inputs = fc.record({
    idempotencyKey: texts,
    storeId: fc.option(fc.oneof(texts, fc.constantFrom("KR", "US"))),
    orderNo: texts,
    totalCancelAmount: amounts,
    expectedCancelledTotal: fc.option(amounts),
    reason: fc.option(texts),
    note: fc.option(texts),
    refundAccount: fc.option(accounts),
    items: fc.array(lines, { maxLength: 4 }),
  });
  const callers = fc.constantFrom(CALLER, callerOf("KR", "US"), callerOf());

  test("each fault is put in words of both languages, which quote no text of the caller and no path", () => {
    fc.assert(
      fc.property(inputs, callers, (given, caller) => {
        const checked = checkRequest(given, caller, STORES);
        for (const error of checked.ok ? [] : checked.errors) {
          for (const language of LANGUAGES) {
            const message = describeUserError(error, MESSAGES[language]);
            expect(message).toMatch(/\S/u);
            expect(message).not.toContain("§");
            expect(message).not.toMatch(/Zaphod|Q1Q1|\binput\b|[a-z]\.[\da-z]/iu);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("no part of a refund account is quoted, also in what programs are told", () => {
    fc.assert(
      fc.property(marked, marked, marked, (accountNumber, bankCode, accountHolderName) => {
        const refundAccount = { accountNumber, bankCode, accountHolderName };
        const faults = faultsOf({ refundAccount });
        expect(faults).not.toEqual([]);
        expect(JSON.stringify(faults)).not.toContain("§");
      }),
    );
  });
});
