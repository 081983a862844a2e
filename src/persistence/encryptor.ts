import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { RefundAccount } from "../cancellation/model/cancel-request.js";

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

/** The row that encrypted data belong to. They are bound to it: copied to another row, they do not decrypt. */
export interface EncryptedRow {
  readonly storeId: string;
  readonly id: string;
}

/** Every `decrypt…` and `reencrypt…` throws DecryptionError when the key is missing, or the bytes or their row are not the original ones. */
export interface Encryptor {
  /** The id of the key that encrypts. */
  readonly newestKeyId: string;
  encryptAccount(account: RefundAccount, owner: EncryptedRow): Encrypted;
  decryptAccount(encrypted: Encrypted, owner: EncryptedRow): RefundAccount;
  reencryptAccount(encrypted: Encrypted, owner: EncryptedRow): Encrypted;
  /** An answer of EBP, of which not every field is published; bound to the cancellation it is about. */
  encryptAnswer(answer: string, owner: EncryptedRow): Encrypted;
  decryptAnswer(encrypted: Encrypted, owner: EncryptedRow): string;
  reencryptAnswer(encrypted: Encrypted, owner: EncryptedRow): Encrypted;
  /** The body of a webhook, which may hold personal data; bound to its digest. */
  encryptWebhook(body: Buffer, digest: string): Encrypted;
  decryptWebhook(encrypted: Encrypted, digest: string): Buffer;
  reencryptWebhook(encrypted: Encrypted, digest: string): Encrypted;
}

export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts with the first key, and decrypts with any of them. */
export function createEncryptor(keys: readonly [EncryptionKey, ...EncryptionKey[]]): Encryptor {
  const [newest] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  function encrypt(plain: Buffer, boundTo: Buffer): Encrypted {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, newest.key, nonce).setAAD(boundTo);
    const text = Buffer.concat([cipher.update(plain), cipher.final()]);
    return { keyId: newest.id, bytes: Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), text])) };
  }

  function decrypt({ keyId, bytes }: Encrypted, boundTo: Buffer, what: string): Buffer {
    const key = byId.get(keyId);
    if (key === undefined) {
      throw new DecryptionError(`decrypting ${what}: its key "${keyId}" is not among DATA_ENCRYPTION_KEYS`);
    }
    try {
      // Without a fixed length, a forged tag of four bytes would pass for data cut short.
      const options = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), options)
        .setAAD(boundTo)
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new DecryptionError(
        `decrypting ${what}: it was altered, or key "${keyId}" is not the key that encrypted it`,
        { cause },
      );
    }
  }

  const decryptAccountBytes = (encrypted: Encrypted, owner: EncryptedRow): Buffer =>
    decrypt(encrypted, accountData(owner), `the refund account of cancellation ${owner.id}`);
  const decryptAnswerBytes = (encrypted: Encrypted, owner: EncryptedRow): Buffer =>
    decrypt(encrypted, answerData(owner), `an answer about cancellation ${owner.id}`);
  const decryptWebhook = (encrypted: Encrypted, digest: string): Buffer =>
    decrypt(encrypted, webhookData(digest), `the body of webhook ${digest}`);
  return {
    newestKeyId: newest.id,
    encryptAccount: (account, owner) =>
      encrypt(Buffer.from(JSON.stringify(account), "utf8"), accountData(owner)),
    decryptAccount: (encrypted, owner) =>
      JSON.parse(decryptAccountBytes(encrypted, owner).toString("utf8")) as RefundAccount,
    reencryptAccount: (encrypted, owner) =>
      encrypt(decryptAccountBytes(encrypted, owner), accountData(owner)),
    encryptAnswer: (answer, owner) => encrypt(Buffer.from(answer, "utf8"), answerData(owner)),
    decryptAnswer: (encrypted, owner) => decryptAnswerBytes(encrypted, owner).toString("utf8"),
    reencryptAnswer: (encrypted, owner) => encrypt(decryptAnswerBytes(encrypted, owner), answerData(owner)),
    encryptWebhook: (body, digest) => encrypt(body, webhookData(digest)),
    decryptWebhook,
    reencryptWebhook: (encrypted, digest) => encrypt(decryptWebhook(encrypted, digest), webhookData(digest)),
  };
}

function accountData({ storeId, id }: EncryptedRow): Buffer {
  return Buffer.from(JSON.stringify(["cancellation.refund_account", storeId, id]), "utf8");
}

function answerData({ storeId, id }: EncryptedRow): Buffer {
  return Buffer.from(JSON.stringify(["cancellation_event.answer", storeId, id]), "utf8");
}

function webhookData(digest: string): Buffer {
  return Buffer.from(JSON.stringify(["webhook_event.body", digest]), "utf8");
}
