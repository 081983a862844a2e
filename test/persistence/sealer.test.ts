import { describe, expect, test } from "@jest/globals";
import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { createSealer, UnsealError } from "../../src/persistence/sealer.js";

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

  test("does not open cut short, wherever: not by a tag of four bytes either", () => {
    const sealer = createSealer([NEW]);
    const { keyId, sealed } = sealer.sealAccount(ACCOUNT, OWNER);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.openAccount({ keyId, sealed: sealed.slice(0, length) }, OWNER)).toThrow(
        /it was altered/u,
      );
    }
    const cipher = createCipheriv("aes-256-gcm", NEW.key, sealed.subarray(0, 12), { authTagLength: 4 });
    const bound = JSON.stringify(["cancellation.refund_account", OWNER.storeId, OWNER.id]);
    cipher.setAAD(Buffer.from(bound)).final();
    const forged = Uint8Array.from(Buffer.concat([sealed.subarray(0, 12), cipher.getAuthTag()]));
    expect(() => sealer.openAccount({ keyId, sealed: forged }, OWNER)).toThrow(/it was altered/u);
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

describe("something sealed anew", () => {
  const DIGEST = "d".repeat(64);

  test("has the newest key and the same content, and is bound to the same row", () => {
    const old = createSealer([OLD]);
    const [both, alone] = [createSealer([NEW, OLD]), createSealer([NEW])];
    const other = { ...OWNER, storeId: "SIM-US" };

    const account = both.resealAccount(old.sealAccount(ACCOUNT, OWNER), OWNER);
    expect(alone.openAccount(account, OWNER)).toEqual(ACCOUNT);
    expect(() => alone.openAccount(account, other)).toThrow();
    const answer = both.resealAnswer(old.sealAnswer("an answer, \u0000 and 한글", OWNER), OWNER);
    expect(alone.openAnswer(answer, OWNER)).toBe("an answer, \u0000 and 한글");
    expect(() => alone.openAnswer(answer, other)).toThrow();
    const body = Buffer.from([0, 255, 254, 10]);
    const webhook = both.resealWebhook(old.sealWebhook(body, DIGEST), DIGEST);
    expect(alone.openWebhook(webhook, DIGEST)).toEqual(body);
    expect(() => alone.openWebhook(webhook, "e".repeat(64))).toThrow();
    expect([account, answer, webhook].map(({ keyId }) => keyId)).toEqual(["2026", "2026", "2026"]);
    expect(both.newestKeyId).toBe("2026");
  });

  test("was opened first: nothing altered, or of another row, gets a new seal", () => {
    const both = createSealer([NEW, OLD]);
    const sealed = createSealer([OLD]).sealAccount(ACCOUNT, OWNER);
    expect(() => both.resealAccount(sealed, { ...OWNER, storeId: "SIM-US" })).toThrow(UnsealError);
    expect(() => both.resealAnswer(sealed, OWNER)).toThrow(UnsealError);
    expect(() => createSealer([NEW]).resealAccount(sealed, OWNER)).toThrow(UnsealError);
  });
});
