import { describe, expect, test } from "@jest/globals";
import { CANARIES } from "./canaries.js";
import { FORMS, hitsIn, piecesOf, type Canary } from "./canary-forms.js";

/** Something as large as a log, with digits, escapes and base64 in it, in which nothing is. */
const NOISE = Array.from({ length: 60 }, (_, n) =>
  JSON.stringify({
    at: 1_790_000_000_000 + n * 977,
    id: Buffer.from(`noise-${n * 7919}`).toString("base64"),
    이름: "김**",
    last4: "6422",
  }),
).join("\n");

function planted(text: string): Buffer {
  return Buffer.concat([Buffer.from(NOISE), Buffer.from(text), Buffer.from(NOISE)]);
}

describe.each(CANARIES)("a canary of $accountHolderName", (canary: Canary) => {
  const secrets = [canary.accountNumber.trim(), canary.accountHolderName];

  test.each([...FORMS.keys()])("is found when it is planted in the form: %s", (form) => {
    const write = FORMS.get(form);
    for (const secret of secrets) {
      for (const text of write?.(secret) ?? []) {
        const hay =
          form === "UTF-16"
            ? Buffer.concat([Buffer.from(NOISE), Buffer.from(text, "latin1")])
            : planted(text);
        expect(hitsIn(hay, CANARIES)).toContainEqual({ piece: secret, form });
      }
    }
  });

  test("is found by encoders that know nothing of the forms", () => {
    for (const secret of secrets) {
      const object = { account: secret, more: [secret] };
      const around = ["", "x", "xy", "xyz"];
      const texts = [
        JSON.stringify(object),
        JSON.stringify(JSON.stringify(object)),
        JSON.stringify({ log: JSON.stringify(JSON.stringify(object)) }),
        ...around.map((before) => Buffer.from(`${before}${secret}${before}`).toString("base64")),
        ...around.map((before) => Buffer.from(`${before}${secret}`).toString("base64url")),
        Buffer.from(JSON.stringify(object)).toString("hex"),
        new URLSearchParams({ account: secret }).toString(),
        encodeURI(`http://host/${secret}`),
      ];
      for (const text of texts) expect(hitsIn(planted(text), [canary])).not.toEqual([]);
    }
  });

  test("is found by its number in any grouping, and by every piece of it that could be told", () => {
    const number = canary.accountNumber.replace(/[\s-]/gu, "");
    for (const gap of ["", " ", "-", ".", " / "]) {
      const text = `to ${(number.match(/.{1,3}/gu) ?? []).join(gap)}.`;
      expect(hitsIn(planted(text), [canary])).toContainEqual({ piece: number, form: "grouped" });
    }
    for (const piece of piecesOf(canary)) expect(hitsIn(planted(`<${piece}>`), [canary])).not.toEqual([]);
  });

  test("is found by a piece of its number with a few signs between the characters", () => {
    const number = canary.accountNumber.replace(/[\s-]/gu, "");
    for (const piece of [number.slice(0, 10), number.slice(-10), number.slice(2, 12).toLowerCase()]) {
      for (const gap of ["-?", "-", " ", ". ,", "\n", "\\n", "\\s?"]) {
        const text = `/${Array.from(piece).join(gap)}/u`;
        expect(hitsIn(planted(text), [canary])).toContainEqual({ piece: number, form: "spread" });
      }
      expect(hitsIn(planted(`<a>${Array.from(piece).join("-- -")}</a>`), [canary])).toEqual([]);
      expect(hitsIn(planted(`<a>${Array.from(piece.slice(1)).join("-")}</a>`), [canary])).toEqual([]);
    }
  });
});

test("what is shown of an account, and what is none, is not taken for one", () => {
  const shown = CANARIES.map(({ accountNumber, accountHolderName }) => [
    accountNumber.slice(-4),
    `${accountHolderName[0]}**`,
  ]);
  expect(hitsIn(planted(JSON.stringify(shown)), CANARIES)).toEqual([]);
});
