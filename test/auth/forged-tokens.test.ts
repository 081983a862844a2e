import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { EncryptJWT } from "jose";
import type { Authenticator } from "../../src/auth/authenticator.js";
import { claimsWith, startIdentity, type Identity } from "../helpers/identity.js";
import { encoded, forged, hs256, rs256, STORES, withKeyServer, withPublicKey } from "./tokens.js";

/** A header of theirs that is as it should be. */
const HEADER = { alg: "RS256", kid: "key-1" };

let identity: Identity;
/** Has a key pair and a server of its own, which publishes the key under the same id as the real one's. */
let attacker: Identity;
beforeAll(async () => {
  [identity, attacker] = await Promise.all([startIdentity(), startIdentity()]);
});
beforeEach(() => {
  for (const each of [identity, attacker]) each.forgetRequests();
});
afterAll(() => Promise.all([identity.close(), attacker.close()]));

const signed = (header: unknown, payload: unknown = claimsWith()): string =>
  forged(header, payload, rs256(identity.privateKey));
const sharedSecret = (alg: string, secret: string | Buffer): string =>
  forged({ ...HEADER, alg }, claimsWith(), hs256(secret));
const unsigned = (header: unknown): string => forged(header, claimsWith(), () => Buffer.alloc(0));

const FORGERIES: readonly [what: string, make: () => string | Promise<string>][] = [
  ["is not signed (alg none)", () => unsigned({ alg: "none" })],
  [
    "is not signed, by name of their key, and says so in capitals",
    () => unsigned({ ...HEADER, alg: "NONE" }),
  ],
  ["is signed, and says that it is not", () => signed({ ...HEADER, alg: "none" })],
  ["has lost its signature", () => unsigned(HEADER)],
  ["has no algorithm", () => signed({ kid: "key-1" })],
  ["has an unlisted algorithm", () => signed({ ...HEADER, alg: "RS1" })],
  ["has its algorithm in other letters", () => signed({ ...HEADER, alg: "rs256" })],
  ["has a list of algorithms", () => signed({ ...HEADER, alg: ["RS256"] })],
  ["has an algorithm of another kind of key", () => signed({ ...HEADER, alg: "ES256" })],
  ["has another algorithm of the same key than it was signed by", () => signed({ ...HEADER, alg: "PS256" })],
  [
    "is signed with the public key in PEM as a shared secret",
    () => sharedSecret("HS256", identity.publicPem),
  ],
  [
    "is signed with the public key in DER as a shared secret",
    () => sharedSecret("HS256", identity.publicKey.export({ type: "spki", format: "der" })),
  ],
  [
    "is signed with the published modulus as a shared secret",
    () => sharedSecret("HS256", identity.publicKey.export({ format: "jwk" }).n ?? ""),
  ],
  [
    "is signed with the public key as a shared secret, and says it were by RSA",
    () => sharedSecret("RS256", identity.publicPem),
  ],
  ["is signed with an empty secret", () => sharedSecret("HS256", "")],
  [
    "is encrypted, not signed",
    () =>
      new EncryptJWT(claimsWith())
        .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256GCM" })
        .encrypt(identity.publicKey),
  ],
  ["demands what is not known", () => signed({ ...HEADER, crit: ["x"], x: 1 })],
  [
    "has claims that are encoded, and says that they are not",
    () => signed({ ...HEADER, crit: ["b64"], b64: false }),
  ],
  [
    "was changed after it was signed",
    async () => {
      const [header, , signature] = (await identity.token()).split(".");
      return `${header}.${encoded(claimsWith({ stores: STORES }))}.${signature}`;
    },
  ],
  ["has claims that are not JSON", () => signed(HEADER, "claims")],
  ["has claims that are null", () => signed(HEADER, null)],
  ["has a header that is no object", () => signed(["RS256"])],
  ["is garbage", () => "garbage"],
  ["is two dots", () => ".."],
];

/** What a header can say of where its key is. */
const POINTERS: readonly [what: string, header: () => object][] = [
  ["jku, the address of a key set", () => ({ jku: attacker.jwksUrl })],
  ["x5u, the address of a certificate", () => ({ x5u: attacker.jwksUrl })],
  ["jku and x5u that are demanded", () => ({ jku: attacker.jwksUrl, crit: ["jku"] })],
  ["jwk, the key itself", () => ({ jwk: attacker.publicKey.export({ format: "jwk" }) })],
  [
    "x5c, a certificate",
    () => ({ x5c: [attacker.publicKey.export({ type: "spki", format: "der" }).toString("base64")] }),
  ],
  ["kid, as an address", () => ({ kid: attacker.jwksUrl })],
];

describe.each<[string, () => Authenticator]>([
  ["a key server", () => withKeyServer(identity.jwksUrl)],
  ["a public key", () => withPublicKey(identity.publicKey)],
])("with %s", (source, authenticator) => {
  test.each(FORGERIES)("does not believe a token that %s", async (_what, make) => {
    expect(await authenticator().authenticate(`Bearer ${await make()}`)).toBeNull();
  });

  test("does not believe a token in which any one character was changed, taken out or added", async () => {
    const { authenticate } = authenticator();
    const token = await identity.token({ stores: STORES });
    expect(await authenticate(`Bearer ${token}`)).not.toBeNull();
    // Not in the signature: the last character of base64 has bits that stand for nothing.
    const at = fc.nat({ max: token.lastIndexOf(".") - 1 });
    await fc.assert(
      fc.asyncProperty(at, fc.stringMatching(/^[\w-]?$/u), fc.boolean(), async (from, put, instead) => {
        const changed = token.slice(0, from) + put + token.slice(from + (instead ? 1 : 0));
        fc.pre(changed !== token);
        expect(await authenticate(`Bearer ${changed}`)).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  test.each(POINTERS)(
    "a token that brings its key proves nothing, and nothing is fetched: %s",
    async (_what, header) => {
      const claims = claimsWith({ jku: attacker.jwksUrl, x5u: attacker.jwksUrl });
      for (const kid of [{}, { kid: "key-1" }]) {
        const token = forged({ alg: "RS256", ...kid, ...header() }, claims, rs256(attacker.privateKey));
        expect(await authenticator().authenticate(`Bearer ${token}`)).toBeNull();
      }
      expect(attacker.requests).toEqual([]);
    },
  );

  test("a token signed with the real key is believed whatever it says of other keys, and nothing is fetched", async () => {
    const token = await identity.token({}, { jku: attacker.jwksUrl, x5u: attacker.jwksUrl });
    expect(await authenticator().authenticate(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
    expect(attacker.requests).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["a path to an empty file", "../../../../../../dev/null"],
    ["SQL", "key-1' UNION SELECT 'secret' --"],
    ["the known one, and a NUL", "key-1\u0000"],
    ["nothing", ""],
    ["a list of the known one", ["key-1"]],
    ["what every object has", "__proto__"],
  ])("a token whose key id is %s proves nothing, and reaches nothing", async (_what, kid) => {
    const { authenticate } = authenticator();
    for (const token of [
      forged({ alg: "HS256", kid }, claimsWith(), hs256("")),
      forged({ alg: "HS256", kid }, claimsWith(), hs256(identity.publicPem)),
      forged({ alg: "RS256", kid }, claimsWith(), rs256(attacker.privateKey)),
    ])
      expect(await authenticate(`Bearer ${token}`)).toBeNull();
    // The key server is asked for its set, once and at its own address.
    expect(identity.requests).toEqual(source === "a key server" ? ["/keys"] : []);
  });
});

test("the real key does not count under an id that is not its own", async () => {
  const { authenticate } = withKeyServer(identity.jwksUrl);
  for (const kid of ["key-2", "", 1])
    expect(await authenticate(`Bearer ${signed({ alg: "RS256", kid })}`)).toBeNull();
  expect(await authenticate(`Bearer ${await identity.token()}`)).not.toBeNull();
});
