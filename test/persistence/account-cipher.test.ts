import { describe, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { createAccountCipher } from "../../src/persistence/account-cipher.js";

const OLD = { id: "2025", key: randomBytes(32) };
const NEW = { id: "2026", key: randomBytes(32) };
const OWNER = { storeId: "SIM-KR", id: "019a0000-0000-7000-8000-000000000000" };
const ACCOUNT = { accountNumber: "1234567890", bankCode: "001", accountHolderName: "홍길동" };

describe("a sealed refund account", () => {
  test("opens to what was sealed", () => {
    const cipher = createAccountCipher([NEW]);
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.string()),
        fc.option(fc.string()),
        (accountNumber, bankCode, accountHolderName) => {
          const account = { accountNumber, bankCode, accountHolderName };
          expect(cipher.open(cipher.seal(account, OWNER), OWNER)).toEqual(account);
        },
      ),
    );
  });

  test("is sealed with the first key, and opens with any", () => {
    const sealed = createAccountCipher([OLD]).seal(ACCOUNT, OWNER);
    const rotated = createAccountCipher([NEW, OLD]);

    expect(rotated.open(sealed, OWNER)).toEqual(ACCOUNT);
    expect(rotated.seal(ACCOUNT, OWNER).keyId).toBe("2026");
  });

  test("is never sealed the same way twice", () => {
    const cipher = createAccountCipher([NEW]);
    expect(cipher.seal(ACCOUNT, OWNER).sealed).not.toEqual(cipher.seal(ACCOUNT, OWNER).sealed);
  });

  test("does not open with any bit changed", () => {
    const cipher = createAccountCipher([NEW]);
    const { keyId, sealed } = cipher.seal(ACCOUNT, OWNER);
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => cipher.open({ keyId, sealed: altered }, OWNER)).toThrow(/it was altered/u);
    }
  });

  test("does not open in another row or store", () => {
    const cipher = createAccountCipher([NEW]);
    const sealed = cipher.seal(ACCOUNT, OWNER);

    expect(() => cipher.open(sealed, { ...OWNER, id: "019a0000-0000-7000-8000-000000000001" })).toThrow();
    expect(() => cipher.open(sealed, { ...OWNER, storeId: "SIM-US" })).toThrow();
  });

  test("names the key that is missing", () => {
    const sealed = createAccountCipher([OLD]).seal(ACCOUNT, OWNER);
    expect(() => createAccountCipher([NEW]).open(sealed, OWNER)).toThrow(
      'its key "2025" is not among DATA_ENCRYPTION_KEYS',
    );
  });
});
