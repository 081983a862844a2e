import { expect, test } from "@jest/globals";
import { CANARIES, numberOf, secretsIn } from "./canaries.js";

test("a canary is found in every form in which software writes text", () => {
  for (const canary of CANARIES) {
    for (const secret of [canary.accountNumber.trim(), canary.accountHolderName]) {
      const object = { account: secret };
      for (const text of [
        `to ${secret}.`,
        secret.toUpperCase(),
        JSON.stringify(JSON.stringify(JSON.stringify(object))),
        JSON.stringify(object).replaceAll(
          /[^\x20-\x7e]/gu,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
        ),
        ...["", "x", "xy"].map((before) => Buffer.from(`${before}${secret}y`).toString("base64")),
        Buffer.from(secret).toString("hex"),
        encodeURIComponent(secret),
        Array.from(secret, (c) => `&#${c.codePointAt(0)};`).join(""),
      ])
        expect([text, secretsIn(`before ${text} behind`)]).not.toEqual([text, []]);
    }
    expect(secretsIn(`paid to ${numberOf(canary).replaceAll(/(.{3})/gu, "$1 / ")}`)).toHaveLength(1);
    expect(secretsIn(`****${numberOf(canary).slice(-4)} ${canary.accountHolderName[0]}**`)).toEqual([]);
  }
});
