import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../../src/cancellation/decimal.js";
import type { RefundAccount } from "../../../src/cancellation/request/cancel-request.js";
import { holdsAccount, searchFor } from "../../../src/cancellation/request/holds-account.js";
import { maskRefundAccount } from "../../../src/cancellation/request/refund-account.js";

function account(accountNumber: string, accountHolderName: string | null = null): RefundAccount {
  return { accountNumber, bankCode: "001", accountHolderName };
}

const identifiesAccount = (identifier: string, wanted: RefundAccount): boolean =>
  searchFor(wanted).isIdentifiedBy(identifier);
const isAccountNumber = (digits: string, wanted: RefundAccount): boolean =>
  searchFor(wanted).isNumber(new Decimal(digits));

const FULL_WIDTH = (text: string): string =>
  text.replace(/[!-~]/gu, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
const WRITTEN = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.normalize("NFD"),
  FULL_WIDTH,
  (text) => Array.from(text).join("\u200b"),
);
const SEPARATOR = fc.constantFrom("", "", " ", "-", ".", "/", " - ", "\n", "\u00a0", "·");
const NUMBER = fc.stringMatching(/^[0-9]{7,34}$/u).filter((number) => /[1-9]\d{6}/u.test(number));
const IBAN = fc.stringMatching(/^[A-Z]{2}[0-9]{2}[0-9A-Z]{8,30}$/u);
const AROUND = fc.string({ unit: "grapheme" });
const LATIN = fc.stringMatching(/^[A-Z][a-z]{1,12}$/u);
const SYLLABLE = fc.integer({ min: 0xac00, max: 0xd7a3 }).map((code) => String.fromCharCode(code));
const KOREAN = fc.array(SYLLABLE, { minLength: 3, maxLength: 4 }).map((syllables) => syllables.join(""));

describe("an account number in a text", () => {
  test("is found however it is grouped and written, and whatever stands around it", () => {
    fc.assert(
      fc.property(
        fc.oneof(NUMBER, IBAN),
        SEPARATOR,
        WRITTEN,
        AROUND,
        AROUND,
        (number, gap, written, before, after) => {
          const grouped = written((number.match(/.{1,4}/gu) ?? []).join(gap));
          const text = `${before} ${grouped} ${after}`;
          expect(holdsAccount(text, account(number))).toBe(true);
          // Seven digits meet by chance in keys, which are made of digits; ten do not.
          if (number.replace(/\D/gu, "").replace(/^0+/u, "").length >= 10)
            expect(identifiesAccount(text, account(number))).toBe(true);
        },
      ),
    );
  });

  test("is found without its leading zeros", () => {
    expect(holdsAccount("to 12345678901", account("0012345678901"))).toBe(true);
    expect(identifiesAccount("R-12345678901", account("0012345678901"))).toBe(true);
  });

  test("is found without the letters of an IBAN", () => {
    const iban = account("DE89 3704 0044 0532 0130 77");
    expect(holdsAccount("8937 0400 4405 3201 3077", iban)).toBe(true);
    expect(isAccountNumber("89370400440532013077", iban)).toBe(true);
  });

  test("is not found where its digits do not stand, one after the other", () => {
    fc.assert(
      fc.property(
        NUMBER,
        fc.string({ unit: fc.constantFrom(...Array.from("0123456789 -.,abX가")) }),
        (number, text) => {
          const run = text.replace(/[^0-9abX가]/gu, "").toLowerCase();
          fc.pre(!run.includes(number.replace(/^0+/u, "")));
          expect(holdsAccount(text, account(number))).toBe(false);
        },
      ),
    );
  });

  test.each([
    ["1234", "paid to 1234", true],
    ["1234", "account 12-34, not 1235", true],
    ["1234", "1234로 입금", true],
    ["1234", "(1234)", true],
    ["1234", "1,234 won", false],
    ["1234", "1234원", false],
    ["1234", "1234.50", false],
    ["1234", "12.1234", false],
    ["1234", "order 1234567", false],
    ["1234", "2025-1234-01", false],
    ["1234", "ORD1234", false],
    ["1234", "1234th", false],
    ["1234", "12 of 34", false],
  ])("of few digits, %s, has to stand for itself: in %j it is found: %s", (number, text, found) => {
    expect(holdsAccount(text, account(number))).toBe(found);
  });

  test.each([
    ["1234", "ORD-1234", false],
    ["1234", "12341234", false],
    ["1234", "1234", true],
    ["1234", "12-34", true],
  ])("of few digits, %s, is an identifier only as a whole: %j: %s", (number, identifier, found) => {
    expect(identifiesAccount(identifier, account(number))).toBe(found);
  });

  test("is an amount only if that is the whole of it, and not one that a price is like", () => {
    expect(isAccountNumber("102938475610", account("00102938475610"))).toBe(true);
    expect(isAccountNumber("1102938475610", account("102938475610"))).toBe(false);
    expect(isAccountNumber("106000", account("106000"))).toBe(false);
  });
});

describe("a holder's name in a text", () => {
  test("of several words is found in any letters, spacing and order", () => {
    const gap = fc.constantFrom(" ", "  ", ", ", "\n", "-", "_", ".");
    fc.assert(
      fc.property(
        fc.array(LATIN, { minLength: 2, maxLength: 3 }),
        gap,
        WRITTEN,
        fc.boolean(),
        (parts, between, written, turned) => {
          const said = written((turned ? [...parts].reverse() : parts).join(between));
          const holder = account("99999999", parts.join(" "));
          expect(holdsAccount(`asked by ${said}.`, holder)).toBe(true);
          expect(identifiesAccount(`key-${said}-1`, holder)).toBe(true);
        },
      ),
    );
  });

  test("is not found in longer words", () => {
    fc.assert(
      fc.property(LATIN, LATIN, fc.stringMatching(/^[a-z0-9]{1,5}$/u), (first, last, more) => {
        const holder = account("99999999", `${first} ${last}`);
        fc.pre(
          `${first}${last}`.length > 2 &&
            `${last} ${first}`.toLowerCase() !== `${first} ${last}${more}`.toLowerCase(),
        );
        fc.pre(!`${first} ${last}${more}`.toLowerCase().startsWith(`${last} ${first} `.toLowerCase()));
        expect(holdsAccount(`${first} ${last}${more}`, holder)).toBe(false);
        expect(holdsAccount(`${more}${first} ${last}`, holder)).toBe(false);
      }),
    );
  });

  test("in Korean is found where a word begins, whatever particle follows, and with blanks in it", () => {
    fc.assert(
      fc.property(KOREAN, WRITTEN, fc.constantFrom("", " "), (name, written, gap) => {
        const said = written(Array.from(name).join(gap));
        for (const text of [`예금주 ${said}님께`, `(${said}) 고객`, said]) {
          expect(holdsAccount(text, account("99999999", name))).toBe(true);
          expect(holdsAccount(text, account("99999999", Array.from(name).join(" ")))).toBe(true);
        }
        expect(identifiesAccount(`KEY-${name}-1`, account("99999999", name))).toBe(true);
      }),
    );
  });

  test("of five syllables or more is found in the middle of words: so many do not meet by chance", () => {
    fc.assert(
      fc.property(KOREAN, KOREAN, SYLLABLE, SYLLABLE, (one, other, before, after) => {
        const name = one + other;
        expect(holdsAccount(`${before}${name}${after}`, account("99999999", name))).toBe(true);
      }),
    );
  });

  test.each([
    ["Kim", "Kimchi, 2 boxes", false],
    // A single word in Latin letters stands in many an honest note.
    ["Kim", "Mr. Kim called", false],
    ["Customer", "Customer changed their mind", false],
    ["Will", "customer will call back", false],
    ["John Doe", "John Doe called", true],
    ["김하늘", "김하늘 고객님 요청", true],
    ["김 하늘", "김 하늘 요청", true],
    ["김 하늘", "김하늘님 요청", true],
    ["이유진", "취소 이유, 진행 불가", false],
    ["이수정", "주문 이 수정 요청", false],
    ["이상민", "이상 민원 접수", false],
    ["이지은", "우리지점이지은행", false],
    ["한정수", "한정 수량 품절", false],
    ["Rose", "primrose seeds", false],
    ["김구", "김구 님 요청", true],
    ["김구", "김구님이 요청", true],
    ["김구", "김구에게", true],
    ["김구", "맛있는 조미김구이 세트", false],
    ["한결", "한결같이", false],
    ["이", "이 상품", false],
    ["E", "E is not valid", false],
    ["J D", "J D", false],
    ["O'Neil Jr.", "o'neil jr said so", true],
    ["山田太郎", "返金先は山田太郎様", true],
    ['도깨비 "왕눈이" 철수\\영희', '예금주 도깨비 "왕눈이" 철수\\영희 확인', true],
    ['도깨비 "왕눈이" 철수\\영희', "도깨비 왕눈이 철수 영희", true],
    ["", "anything", false],
    ["  ", "anything", false],
    ["(.*)+", "anything", false],
  ])("%j: in %j it is found: %s", (name, text, found) => {
    expect(holdsAccount(text, account("99999999", name))).toBe(found);
  });

  test.each([
    ["Rose", "ROSE-100", false],
    ["Rose", "rose", true],
    ["Kim", "kim-1", false],
    ["김구", "김구-1", false],
    ["김구", "김구", true],
    ["홍길동", "홍길동-1", true],
    ["John Doe", "refund-john-doe-1", true],
    ["John Doe", "johndoe", true],
    ["E", "E", false],
    [null, "anything", false],
  ])("%j: of the identifier %j it makes an account: %s", (name, identifier, found) => {
    expect(identifiesAccount(identifier, account("99999999", name))).toBe(found);
  });
});

test("a text made to be slow to search is searched at once", () => {
  const holder = account("9".repeat(34), "a a a a a a a a a a a a a a a a a a a ab");
  for (const unit of ["9", "9-", "a ", "a, ", "가"]) {
    expect(
      holdsAccount(unit.repeat(2_000 / unit.length).slice(0, -1), {
        ...holder,
        accountNumber: "9".repeat(33) + "8",
      }),
    ).toBe(false);
  }
});

test("a name that no engine could make a pattern of is looked for all the same", () => {
  const name = "Zaphodine ".repeat(6_500).trim();
  expect(holdsAccount("Zaphodine Zaphodine", account("99999999", name))).toBe(false);
  expect(holdsAccount(`for ${name}.`, account("99999999", name))).toBe(true);
});

test("nothing is found where there is no account", () => {
  expect(holdsAccount("anything 12345678", null)).toBe(false);
});

test.each([
  ["홍 길 동", "홍**"],
  ["홍 길동", "홍**"],
  ["山田 太郎", "山**"],
  ["John Doe", "J** D**"],
])("the mask of the name %j shows no more than %j", (accountHolderName, shown) => {
  expect(maskRefundAccount(account("99999999", accountHolderName)).accountHolderName).toBe(shown);
});
