import type { KeyObject } from "node:crypto";

const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const ED25519 = ["EdDSA", "Ed25519"];
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};
/** What RFC 7518 demands, and jose refuses to go below: at every request, unless the key is refused at start. */
const LEAST_RSA_BITS = 2048;

/** Public-key signatures only: a shared secret could be mistaken for a public key (RS/HS confusion). */
export const PUBLIC_KEY_ALGORITHMS: readonly string[] = [...RSA, ...Object.values(CURVES), ...ED25519];

/**
 * The algorithms this key can check. A token of any other is refused before the key is tried on it.
 * @throws for a key that can check none.
 */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  const curve = CURVES[namedCurve];
  if (key.asymmetricKeyType === "rsa" && modulusLength >= LEAST_RSA_BITS) return RSA;
  if (key.asymmetricKeyType === "ec" && curve !== undefined) return [curve];
  if (key.asymmetricKeyType === "ed25519") return ED25519;
  throw new Error(
    `AUTH_PUBLIC_KEY: expected an RSA key of at least ${LEAST_RSA_BITS} bits, one on P-256, P-384 or P-521, or an Ed25519 key, ` +
      `found ${key.asymmetricKeyType ?? "another"} ${namedCurve || (modulusLength > 0 ? `of ${modulusLength} bits` : "")}`.trimEnd(),
  );
}
