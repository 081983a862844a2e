import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { RefundAccount } from "../cancellation/model/cancel-request.js";

/** A 256-bit key with the id that is stored beside what it sealed. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

export interface Sealed {
  readonly keyId: string;
  /** Nonce (12 bytes), authentication tag (16), ciphertext. */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** The row that something sealed belongs to: bound into the seal, so that it opens nowhere else. */
export interface SealedRow {
  readonly storeId: string;
  readonly id: string;
}

export interface Sealer {
  /** Of the key that seals. */
  readonly newestKeyId: string;
  sealAccount(account: RefundAccount, owner: SealedRow): Sealed;
  openAccount(sealed: Sealed, owner: SealedRow): RefundAccount;
  /** The same bytes sealed anew, with the newest key; nothing in them is read. */
  resealAccount(sealed: Sealed, owner: SealedRow): Sealed;
  /** An answer of EBP, of which not every field is published; bound to the cancellation it is about. */
  sealAnswer(answer: string, owner: SealedRow): Sealed;
  openAnswer(sealed: Sealed, owner: SealedRow): string;
  resealAnswer(sealed: Sealed, owner: SealedRow): Sealed;
  /** The body of a webhook, which may hold personal data; bound to its digest. */
  sealWebhook(body: Buffer, digest: string): Sealed;
  openWebhook(sealed: Sealed, digest: string): Buffer;
  resealWebhook(sealed: Sealed, digest: string): Sealed;
}

export class UnsealError extends Error {
  override readonly name = "UnsealError";
}

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The first key seals, all of them open. */
export function createSealer(keys: readonly [EncryptionKey, ...EncryptionKey[]]): Sealer {
  const [newest] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  function seal(bytes: Buffer, boundTo: Buffer): Sealed {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, newest.key, nonce).setAAD(boundTo);
    const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return { keyId: newest.id, sealed: Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), text])) };
  }

  function open({ keyId, sealed }: Sealed, boundTo: Buffer, what: string): Buffer {
    const key = byId.get(keyId);
    if (key === undefined) {
      throw new UnsealError(`opening ${what}: its key "${keyId}" is not among DATA_ENCRYPTION_KEYS`);
    }
    try {
      // The tag's length is stated: of something cut short, four bytes would do for one.
      const options = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), options)
        .setAAD(boundTo)
        .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new UnsealError(
        `opening ${what}: it was altered, or key "${keyId}" is another key than the one that sealed it`,
        { cause },
      );
    }
  }

  const openSealedAccount = (sealed: Sealed, owner: SealedRow): Buffer =>
    open(sealed, accountData(owner), `the refund account of cancellation ${owner.id}`);
  const openSealedAnswer = (sealed: Sealed, owner: SealedRow): Buffer =>
    open(sealed, answerData(owner), `an answer about cancellation ${owner.id}`);
  const openWebhook = (sealed: Sealed, digest: string): Buffer =>
    open(sealed, webhookData(digest), `the body of webhook ${digest}`);
  return {
    newestKeyId: newest.id,
    sealAccount: (account, owner) => seal(Buffer.from(JSON.stringify(account), "utf8"), accountData(owner)),
    openAccount: (sealed, owner) =>
      JSON.parse(openSealedAccount(sealed, owner).toString("utf8")) as RefundAccount,
    resealAccount: (sealed, owner) => seal(openSealedAccount(sealed, owner), accountData(owner)),
    sealAnswer: (answer, owner) => seal(Buffer.from(answer, "utf8"), answerData(owner)),
    openAnswer: (sealed, owner) => openSealedAnswer(sealed, owner).toString("utf8"),
    resealAnswer: (sealed, owner) => seal(openSealedAnswer(sealed, owner), answerData(owner)),
    sealWebhook: (body, digest) => seal(body, webhookData(digest)),
    openWebhook,
    resealWebhook: (sealed, digest) => seal(openWebhook(sealed, digest), webhookData(digest)),
  };
}

function accountData({ storeId, id }: SealedRow): Buffer {
  return Buffer.from(JSON.stringify(["cancellation.refund_account", storeId, id]), "utf8");
}

function answerData({ storeId, id }: SealedRow): Buffer {
  return Buffer.from(JSON.stringify(["cancellation_event.answer", storeId, id]), "utf8");
}

function webhookData(digest: string): Buffer {
  return Buffer.from(JSON.stringify(["webhook_event.body", digest]), "utf8");
}
