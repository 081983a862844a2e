import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EncryptionKey } from "./encryptor.js";

const FILE = "encryption-key";
const KEY_BYTES = 32;

export class LocalEncryptionKeyError extends Error {
  override readonly name = "LocalEncryptionKeyError";
}

/** The key of a development run: made at the first start, kept in the data folder, readable by its owner only. */
export async function localEncryptionKey(dataDir: string): Promise<EncryptionKey> {
  const path = join(dataDir, FILE);
  await mkdir(dataDir, { recursive: true });
  // Made only if it is not there: two that start together must end with the same key.
  await writeFile(path, randomBytes(KEY_BYTES).toString("base64"), { flag: "wx", mode: 0o600 }).catch(
    unlessExists,
  );
  const key = Buffer.from(await readFile(path, "utf8"), "base64");
  if (key.length === KEY_BYTES) return { id: "local", key };
  throw new LocalEncryptionKeyError(
    `reading the encryption key in ${path}: expected ${KEY_BYTES} bytes in base64, found ${key.length}. ` +
      "Refund accounts encrypted with the original key cannot be decrypted without it: restore the file, or remove it to begin with a new key",
  );
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
