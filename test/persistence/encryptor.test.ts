import { expect, test } from "@jest/globals";
import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import {
  answerAbout,
  bodyOfWebhook,
  type BoundTo,
  createEncryptor,
  DecryptionError,
  refundAccountOf,
} from "../../src/persistence/encryptor.js";

const OLD = { id: "2025", key: randomBytes(32) };
const NEW = { id: "2026", key: randomBytes(32) };
const ROW = { storeId: "SIM-KR", id: "019a0000-0000-7000-8000-000000000000" };
const OTHERS: readonly BoundTo[] = [
  refundAccountOf({ ...ROW, id: "019a0000-0000-7000-8000-000000000001" }),
  refundAccountOf({ ...ROW, storeId: "SIM-US" }),
  answerAbout(ROW),
  bodyOfWebhook(ROW.id),
];
const encryptor = createEncryptor([NEW]);

test("encrypted data decrypt to what was encrypted, and are never encrypted the same way twice", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...OTHERS), (text, boundTo) => {
      const [one, other] = [encryptor.encrypt(text, boundTo), encryptor.encrypt(text, boundTo)];
      expect(encryptor.decrypt(one, boundTo).toString("utf8")).toBe(Buffer.from(text).toString("utf8"));
      expect(one.bytes).not.toEqual(other.bytes);
    }),
    { numRuns: 50 },
  );
});

test("data are encrypted with the first key, and decrypt with any; a missing key is named", () => {
  const encrypted = createEncryptor([OLD]).encrypt("text", refundAccountOf(ROW));
  const rotated = createEncryptor([NEW, OLD]);
  expect(rotated.decrypt(encrypted, refundAccountOf(ROW)).toString()).toBe("text");
  expect(rotated.encrypt("text", refundAccountOf(ROW)).keyId).toBe("2026");
  expect(() => encryptor.decrypt(encrypted, refundAccountOf(ROW))).toThrow(
    `decrypting the refund account of cancellation ${ROW.id}: its key "2025" is not among DATA_ENCRYPTION_KEYS`,
  );
});

test("data do not decrypt in another row, store or column", () => {
  const encrypted = encryptor.encrypt("text", refundAccountOf(ROW));
  for (const other of OTHERS) expect(() => encryptor.decrypt(encrypted, other)).toThrow(DecryptionError);
});

test("data do not decrypt with any bit changed, nor cut short anywhere, not even with a forged tag of four bytes", () => {
  const boundTo = refundAccountOf(ROW);
  const { keyId, bytes } = encryptor.encrypt("a text", boundTo);
  const refused = (altered: Uint8Array<ArrayBuffer>): void =>
    expect(() => encryptor.decrypt({ keyId, bytes: altered }, boundTo)).toThrow(/it was altered/u);
  for (let at = 0; at < bytes.length; at += 1) {
    refused(Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte)));
    refused(bytes.slice(0, at));
  }
  const cipher = createCipheriv("aes-256-gcm", NEW.key, bytes.subarray(0, 12), { authTagLength: 4 });
  cipher.setAAD(Buffer.from(JSON.stringify(boundTo))).final();
  refused(Uint8Array.from(Buffer.concat([bytes.subarray(0, 12), cipher.getAuthTag()])));
});
