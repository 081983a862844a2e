import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { RefundAccount } from "../cancellation/cancel-request.js";

/** A 256-bit key with the id that is stored beside what it sealed. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

export interface SealedAccount {
  readonly keyId: string;
  /** Nonce (12 bytes), authentication tag (16), ciphertext. */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** The row a sealed account belongs to: bound into the seal, so that it opens nowhere else. */
export interface AccountOwner {
  readonly storeId: string;
  readonly id: string;
}

export interface AccountCipher {
  seal(account: RefundAccount, owner: AccountOwner): SealedAccount;
  open(sealed: SealedAccount, owner: AccountOwner): RefundAccount;
}

export class SealedAccountError extends Error {
  override readonly name = "SealedAccountError";
}

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The first key seals, all of them open. */
export function createAccountCipher(keys: readonly [EncryptionKey, ...EncryptionKey[]]): AccountCipher {
  const [newest] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    seal(account, owner) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, newest.key, nonce).setAAD(additionalData(owner));
      const text = Buffer.concat([cipher.update(JSON.stringify(account), "utf8"), cipher.final()]);
      return { keyId: newest.id, sealed: Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), text])) };
    },
    open({ keyId, sealed }, owner) {
      const key = byId.get(keyId);
      if (key === undefined) {
        throw new SealedAccountError(
          `opening the refund account of cancellation ${owner.id}: its key "${keyId}" is not among DATA_ENCRYPTION_KEYS`,
        );
      }
      try {
        const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES))
          .setAAD(additionalData(owner))
          .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const text = Buffer.concat([
          decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)),
          decipher.final(),
        ]);
        return JSON.parse(text.toString("utf8")) as RefundAccount;
      } catch (cause) {
        throw new SealedAccountError(
          `opening the refund account of cancellation ${owner.id}: it was altered, or key "${keyId}" is another key than the one that sealed it`,
          { cause },
        );
      }
    },
  };
}

function additionalData({ storeId, id }: AccountOwner): Buffer {
  return Buffer.from(JSON.stringify(["cancellation.refund_account", storeId, id]), "utf8");
}
