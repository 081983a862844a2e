import { describe, expect, test } from "@jest/globals";
import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { createEncryptor, DecryptionError } from "../../src/persistence/encryptor.js";

const OLD = { id: "2025", key: randomBytes(32) };
const NEW = { id: "2026", key: randomBytes(32) };
const OWNER = { storeId: "SIM-KR", id: "019a0000-0000-7000-8000-000000000000" };
const ACCOUNT = { accountNumber: "1234567890", bankCode: "001", accountHolderName: "홍길동" };

describe("an encrypted refund account", () => {
  test("decrypts to what was encrypted", () => {
    const encryptor = createEncryptor([NEW]);
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.string()),
        fc.option(fc.string()),
        (accountNumber, bankCode, accountHolderName) => {
          const account = { accountNumber, bankCode, accountHolderName };
          expect(encryptor.decryptAccount(encryptor.encryptAccount(account, OWNER), OWNER)).toEqual(account);
        },
      ),
    );
  });

  test("is encrypted with the first key, and decrypts with any", () => {
    const encrypted = createEncryptor([OLD]).encryptAccount(ACCOUNT, OWNER);
    const rotated = createEncryptor([NEW, OLD]);

    expect(rotated.decryptAccount(encrypted, OWNER)).toEqual(ACCOUNT);
    expect(rotated.encryptAccount(ACCOUNT, OWNER).keyId).toBe("2026");
  });

  test("is never encrypted the same way twice", () => {
    const encryptor = createEncryptor([NEW]);
    expect(encryptor.encryptAccount(ACCOUNT, OWNER).bytes).not.toEqual(
      encryptor.encryptAccount(ACCOUNT, OWNER).bytes,
    );
  });

  test("does not decrypt with any bit changed", () => {
    const encryptor = createEncryptor([NEW]);
    const { keyId, bytes } = encryptor.encryptAccount(ACCOUNT, OWNER);
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => encryptor.decryptAccount({ keyId, bytes: altered }, OWNER)).toThrow(/it was altered/u);
    }
  });

  test("does not decrypt when cut short anywhere, not even with a forged tag of four bytes", () => {
    const encryptor = createEncryptor([NEW]);
    const { keyId, bytes } = encryptor.encryptAccount(ACCOUNT, OWNER);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => encryptor.decryptAccount({ keyId, bytes: bytes.slice(0, length) }, OWNER)).toThrow(
        /it was altered/u,
      );
    }
    const cipher = createCipheriv("aes-256-gcm", NEW.key, bytes.subarray(0, 12), { authTagLength: 4 });
    const bound = JSON.stringify(["cancellation.refund_account", OWNER.storeId, OWNER.id]);
    cipher.setAAD(Buffer.from(bound)).final();
    const forged = Uint8Array.from(Buffer.concat([bytes.subarray(0, 12), cipher.getAuthTag()]));
    expect(() => encryptor.decryptAccount({ keyId, bytes: forged }, OWNER)).toThrow(/it was altered/u);
  });

  test("does not decrypt in another row or store", () => {
    const encryptor = createEncryptor([NEW]);
    const encrypted = encryptor.encryptAccount(ACCOUNT, OWNER);

    expect(() =>
      encryptor.decryptAccount(encrypted, { ...OWNER, id: "019a0000-0000-7000-8000-000000000001" }),
    ).toThrow();
    expect(() => encryptor.decryptAccount(encrypted, { ...OWNER, storeId: "SIM-US" })).toThrow();
  });

  test("names the key that is missing", () => {
    const encrypted = createEncryptor([OLD]).encryptAccount(ACCOUNT, OWNER);
    expect(() => createEncryptor([NEW]).decryptAccount(encrypted, OWNER)).toThrow(
      'its key "2025" is not among DATA_ENCRYPTION_KEYS',
    );
  });
});

describe("re-encrypted data", () => {
  const DIGEST = "d".repeat(64);

  test("have the newest key, the same content, and are bound to the same row", () => {
    const old = createEncryptor([OLD]);
    const [both, alone] = [createEncryptor([NEW, OLD]), createEncryptor([NEW])];
    const other = { ...OWNER, storeId: "SIM-US" };

    const account = both.reencryptAccount(old.encryptAccount(ACCOUNT, OWNER), OWNER);
    expect(alone.decryptAccount(account, OWNER)).toEqual(ACCOUNT);
    expect(() => alone.decryptAccount(account, other)).toThrow();
    const answer = both.reencryptAnswer(old.encryptAnswer("an answer, \u0000 and 한글", OWNER), OWNER);
    expect(alone.decryptAnswer(answer, OWNER)).toBe("an answer, \u0000 and 한글");
    expect(() => alone.decryptAnswer(answer, other)).toThrow();
    const body = Buffer.from([0, 255, 254, 10]);
    const webhook = both.reencryptWebhook(old.encryptWebhook(body, DIGEST), DIGEST);
    expect(alone.decryptWebhook(webhook, DIGEST)).toEqual(body);
    expect(() => alone.decryptWebhook(webhook, "e".repeat(64))).toThrow();
    expect([account, answer, webhook].map(({ keyId }) => keyId)).toEqual(["2026", "2026", "2026"]);
    expect(both.newestKeyId).toBe("2026");
  });

  test("are decrypted first: what was altered, or belongs to another row, is refused", () => {
    const both = createEncryptor([NEW, OLD]);
    const encrypted = createEncryptor([OLD]).encryptAccount(ACCOUNT, OWNER);
    expect(() => both.reencryptAccount(encrypted, { ...OWNER, storeId: "SIM-US" })).toThrow(DecryptionError);
    expect(() => both.reencryptAnswer(encrypted, OWNER)).toThrow(DecryptionError);
    expect(() => createEncryptor([NEW]).reencryptAccount(encrypted, OWNER)).toThrow(DecryptionError);
  });
});
