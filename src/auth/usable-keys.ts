import { createPublicKey, type KeyObject } from "node:crypto";
import { createLocalJWKSet, errors } from "jose";

const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const ED25519 = ["EdDSA", "Ed25519"];
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};
/** Required by RFC 7518. jose would refuse a shorter key too, but at every request instead of at start. */
const MIN_RSA_BITS = 2048;

/** Public-key signatures only: a shared secret could be mistaken for a public key (RS/HS confusion). */
export const PUBLIC_KEY_ALGORITHMS: readonly string[] = [...RSA, ...Object.values(CURVES), ...ED25519];

/**
 * The algorithms whose tokens this key can check.
 * @throws Error for a key that can check none.
 */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  const curve = CURVES[namedCurve];
  if (key.asymmetricKeyType === "rsa" && modulusLength >= MIN_RSA_BITS) return RSA;
  if (key.asymmetricKeyType === "ec" && curve !== undefined) return [curve];
  if (key.asymmetricKeyType === "ed25519") return ED25519;
  throw new Error(
    `AUTH_PUBLIC_KEY: expected an RSA key of at least ${MIN_RSA_BITS} bits, one on P-256, P-384 or P-521, or an Ed25519 key, ` +
      `found ${key.asymmetricKeyType ?? "another"} ${namedCurve || (modulusLength > 0 ? `of ${modulusLength} bits` : "")}`.trimEnd(),
  );
}

/** A member of a key set that is not used. It holds nothing of the key itself, so it can be logged. */
export interface SkippedKey {
  /** Null when there is none, or when it is not a short plain word. */
  readonly kid: string | null;
  readonly reason: string;
}

interface SelectedKeys {
  readonly usable: readonly unknown[];
  readonly skipped: readonly SkippedKey[];
}

type JsonObject = Readonly<Record<string, unknown>>;

const PLAIN_KID = /^[\w.:-]{1,64}$/u;
/** RFC 7518: what only a symmetric key has (`k`), and what only a private one has. */
const SECRET_PARAMETERS = ["k", "d", "p", "q", "dp", "dq", "qi", "oth", "priv"];
const ENCODED_PARAMETERS = ["n", "e", "x", "y"];
/** Some key servers write plain base64 with padding, which Node and jose read correctly. */
const BASE64URL = /^[\w+/-]+={0,2}$/u;

/**
 * Removes malformed members from a key set, as RFC 7517, section 5, requires. With one of them left in, jose refuses the whole set, or
 * fails for every token that could mean it.
 */
export async function selectUsableKeys(members: readonly unknown[]): Promise<SelectedKeys> {
  const usable: unknown[] = [];
  const skipped: SkippedKey[] = [];
  const taken = new Set<string>();
  for (const member of members) {
    const reason = await faultOf(member, taken);
    if (reason === null) usable.push(member);
    else skipped.push({ kid: plainKidOf(member), reason });
  }
  return { usable, skipped };
}

/** @param taken identifies the usable keys before it: if a token could mean two keys, jose uses neither. */
async function faultOf(member: unknown, taken: Set<string>): Promise<string | null> {
  if (!isObject(member)) return "not a JSON object";
  if (SECRET_PARAMETERS.some((name) => name in member)) return "symmetric or private: a key set is public";
  if (ENCODED_PARAMETERS.some((name) => isBrokenBase64url(member[name]))) return "not base64url";
  const { kid } = member;
  if (kid !== undefined && typeof kid !== "string") return "kid is not a text";
  const algorithms = await algorithmsOfKey(member, kid);
  if (algorithms === null) return "malformed, too weak, or of a type that no token may be signed with";
  if (kid === undefined) return null;
  const names = algorithms.map((alg) => `${alg} ${kid}`);
  if (names.some((name) => taken.has(name))) return "the kid of a key before it";
  for (const name of names) taken.add(name);
  return null;
}

/** The algorithms for which jose uses this key; empty for a key with another use, null for one that cannot be read. */
async function algorithmsOfKey(jwk: JsonObject, kid: string | undefined): Promise<readonly string[] | null> {
  if (jwk["use"] === "enc") return [];
  const algorithms: string[] = [];
  try {
    // Node reports a key's strength now; jose checks it only when a token comes.
    const possible = algorithmsOf(createPublicKey({ key: jwk, format: "jwk" }));
    const keyOf = createLocalJWKSet({ keys: [jwk] });
    for (const alg of possible)
      if (await isFound(keyOf({ alg, ...(kid !== undefined && { kid }) }))) algorithms.push(alg);
  } catch {
    return null;
  }
  return algorithms;
}

/** Whether jose finds a key. @throws jose's error for a key that it cannot read. */
async function isFound(key: Promise<unknown>): Promise<boolean> {
  try {
    await key;
    return true;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return false;
    throw error;
  }
}

function plainKidOf(member: unknown): string | null {
  const kid = isObject(member) ? member["kid"] : null;
  return typeof kid === "string" && PLAIN_KID.test(kid) ? kid : null;
}

/** Node and jose skip invalid characters and so read another key than was meant. */
function isBrokenBase64url(value: unknown): boolean {
  return typeof value === "string" && !BASE64URL.test(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
