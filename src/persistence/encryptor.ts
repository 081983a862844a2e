import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CancellationReference } from "../cancellation/model/cancellation.js";

/** A 256-bit key. Its id is stored beside everything it encrypts. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

export interface Encrypted {
  readonly keyId: string;
  /** Nonce (12 bytes), authentication tag (16), ciphertext. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The column and the row that encrypted data belong to. Copied to another, they do not decrypt. */
export type BoundTo = readonly [column: keyof typeof IN_WORDS, ...row: readonly string[]];

const IN_WORDS = {
  "cancellation.refund_account": "the refund account of cancellation",
  "cancellation_event.answer": "an answer about cancellation",
  "webhook_event.body": "the body of webhook",
};

export const refundAccountOf = ({ storeId, id }: CancellationReference): BoundTo => [
  "cancellation.refund_account",
  storeId,
  id,
];
/** An answer of EBP, of which not every field is published. */
export const answerAbout = ({ storeId, id }: CancellationReference): BoundTo => [
  "cancellation_event.answer",
  storeId,
  id,
];
export const bodyOfWebhook = (digest: string): BoundTo => ["webhook_event.body", digest];

/** Encrypts with the newest key, and decrypts with any of them. */
export interface Encryptor {
  readonly newestKeyId: string;
  encrypt(plain: string | Buffer, boundTo: BoundTo): Encrypted;
  /** @throws DecryptionError when the key is missing, or the bytes or their row are not the original ones. */
  decrypt(encrypted: Encrypted, boundTo: BoundTo): Buffer;
}

export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param keys the newest first. */
export function createEncryptor(keys: readonly [EncryptionKey, ...EncryptionKey[]]): Encryptor {
  const [newest] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    newestKeyId: newest.id,

    encrypt(plain, boundTo) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, newest.key, nonce).setAAD(
        Buffer.from(JSON.stringify(boundTo)),
      );
      const text = Buffer.concat([cipher.update(plain), cipher.final()]);
      return { keyId: newest.id, bytes: Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), text])) };
    },

    decrypt({ keyId, bytes }, boundTo) {
      const what = `decrypting ${IN_WORDS[boundTo[0]]} ${boundTo.at(-1) ?? ""}`;
      const key = byId.get(keyId);
      if (key === undefined) {
        throw new DecryptionError(`${what}: its key "${keyId}" is not among DATA_ENCRYPTION_KEYS`);
      }
      try {
        // Without a fixed length, a forged tag of four bytes would pass for data cut short.
        const options = { authTagLength: TAG_BYTES };
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), options)
          .setAAD(Buffer.from(JSON.stringify(boundTo)))
          .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      } catch (cause) {
        const message = `${what}: it was altered, or key "${keyId}" is not the key that encrypted it`;
        throw new DecryptionError(message, { cause });
      }
    },
  };
}

const KEY_FILE = "encryption-key";
const KEY_BYTES = 32;

/** The key of a development run: made at the first start, kept in the data folder, readable by its owner only. */
export async function localEncryptionKey(dataDir: string): Promise<EncryptionKey> {
  const path = join(dataDir, KEY_FILE);
  await mkdir(dataDir, { recursive: true });
  // Made only if it is not there: two that start together must end with the same key.
  await writeFile(path, randomBytes(KEY_BYTES).toString("base64"), { flag: "wx", mode: 0o600 }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    },
  );
  const key = Buffer.from(await readFile(path, "utf8"), "base64");
  if (key.length === KEY_BYTES) return { id: "local", key };
  throw new Error(
    `reading the encryption key in ${path}: expected ${KEY_BYTES} bytes in base64, found ${key.length}. ` +
      "Refund accounts encrypted with the original key cannot be decrypted without it: restore the file, or remove it to begin with a new key",
  );
}
