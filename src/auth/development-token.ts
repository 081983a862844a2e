import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SignJWT } from "jose";
import type { Scope } from "../cancellation/model/caller.js";

const PRIVATE_FILE = "token-private-key.pem";
const PUBLIC_FILE = "token-public-key.pem";

export interface DevelopmentKey {
  readonly privateKey: KeyObject;
  /** The public key in PEM, for AUTH_PUBLIC_KEY_FILE. */
  readonly publicKeyPath: string;
}

/** The key pair of development tokens, made at first use and kept in the data folder. Only its owner can read the private key. */
export async function developmentKey(dataDir: string): Promise<DevelopmentKey> {
  const path = join(dataDir, PRIVATE_FILE);
  await mkdir(dataDir, { recursive: true });
  const text = (await read(path)) ?? (await make(path));
  const privateKey = parse(text, path);
  const publicKeyPath = join(dataDir, PUBLIC_FILE);
  const publicPem = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  // Written only if it changes: a service may be reading it.
  if ((await read(publicKeyPath)) !== publicPem) await writeFile(publicKeyPath, publicPem);
  return { privateKey, publicKeyPath };
}

/** Appears complete or not at all and never replaces another key, so two processes that make one end with the same key. */
async function make(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, privateKey.export({ type: "pkcs8", format: "pem" }), { flag: "wx", mode: 0o600 });
    await link(draft, path).catch(unless("EEXIST"));
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, "utf8");
}

function parse(text: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch {
    // OpenSSL's message would not help; see below.
  }
  throw new Error(
    `reading the key of development tokens in ${path}: expected a private key on P-256 in PEM, found something else. ` +
      "Remove the file to get a new key: tokens made with the old one are then no longer valid",
  );
}

async function read(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(unless("ENOENT"));
}

function unless(code: string): (error: unknown) => null {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === code) return null;
    throw error;
  };
}

/** The content of a development token. */
export interface TokenClaims {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
  readonly storeIds: readonly string[];
  readonly issuedAtMs: number;
  readonly lifetimeSeconds: number;
}

/** A signed token like a real issuer's. @param privateKey on P-256. */
export function mintToken(privateKey: KeyObject, claims: TokenClaims): Promise<string> {
  const issuedAt = Math.floor(claims.issuedAtMs / 1_000);
  return new SignJWT({ scope: claims.scopes.join(" "), stores: claims.storeIds })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt" })
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setSubject(claims.subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + claims.lifetimeSeconds)
    .sign(privateKey);
}
