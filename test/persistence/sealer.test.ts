import { describe, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { createSealer } from "../../src/persistence/sealer.js";

const OLD = { id: "2025", key: randomBytes(32) };
const NEW = { id: "2026", key: randomBytes(32) };
const OWNER = { storeId: "SIM-KR", id: "019a0000-0000-7000-8000-000000000000" };
const ACCOUNT = { accountNumber: "1234567890", bankCode: "001", accountHolderName: "홍길동" };

describe("a sealed refund account", () => {
  test("opens to what was sealed", () => {
    const sealer = createSealer([NEW]);
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.string()),
        fc.option(fc.string()),
        (accountNumber, bankCode, accountHolderName) => {
          const account = { accountNumber, bankCode, accountHolderName };
          expect(sealer.openAccount(sealer.sealAccount(account, OWNER), OWNER)).toEqual(account);
        },
      ),
    );
  });

  test("is sealed with the first key, and opens with any", () => {
    const sealed = createSealer([OLD]).sealAccount(ACCOUNT, OWNER);
    const rotated = createSealer([NEW, OLD]);

    expect(rotated.openAccount(sealed, OWNER)).toEqual(ACCOUNT);
    expect(rotated.sealAccount(ACCOUNT, OWNER).keyId).toBe("2026");
  });

  test("is never sealed the same way twice", () => {
    const sealer = createSealer([NEW]);
    expect(sealer.sealAccount(ACCOUNT, OWNER).sealed).not.toEqual(sealer.sealAccount(ACCOUNT, OWNER).sealed);
  });

  test("does not open with any bit changed", () => {
    const sealer = createSealer([NEW]);
    const { keyId, sealed } = sealer.sealAccount(ACCOUNT, OWNER);
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => sealer.openAccount({ keyId, sealed: altered }, OWNER)).toThrow(/it was altered/u);
    }
  });

  test("does not open in another row or store", () => {
    const sealer = createSealer([NEW]);
    const sealed = sealer.sealAccount(ACCOUNT, OWNER);

    expect(() =>
      sealer.openAccount(sealed, { ...OWNER, id: "019a0000-0000-7000-8000-000000000001" }),
    ).toThrow();
    expect(() => sealer.openAccount(sealed, { ...OWNER, storeId: "SIM-US" })).toThrow();
  });

  test("names the key that is missing", () => {
    const sealed = createSealer([OLD]).sealAccount(ACCOUNT, OWNER);
    expect(() => createSealer([NEW]).openAccount(sealed, OWNER)).toThrow(
      'its key "2025" is not among DATA_ENCRYPTION_KEYS',
    );
  });
});
