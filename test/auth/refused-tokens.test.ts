import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { EncryptJWT } from "jose";
import type { Authenticator, AuthenticatorDependencies } from "../../src/auth/authenticator.js";
import {
  AUDIENCE,
  claimsWith,
  ISSUER,
  secondsFromNow,
  startIdentity,
  type Identity,
} from "../helpers/identity.js";
import { encoded, forged, hs256, rs256, STORES, unsigned, withKeyServer, withPublicKey } from "./tokens.js";

/** More than two servers' clocks may differ. */
const LATE_SECONDS = 60;
/** A header of theirs that is as it should be. */
const HEADER = { alg: "RS256", kid: "key-1" };

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const signed = (header: unknown, payload: unknown = claimsWith()): string =>
  forged(header, payload, rs256(identity.privateKey));
const sharedSecret = (alg: string, secret: string | Buffer): string =>
  forged({ ...HEADER, alg }, claimsWith(), hs256(secret));

const CLAIMS: readonly [what: string, changes: Record<string, unknown>][] = [
  ["has expired", { exp: secondsFromNow(-LATE_SECONDS) }],
  ["has expired, however late it says it was made", { exp: secondsFromNow(-LATE_SECONDS), iat: 2 ** 40 }],
  ["never expires", { exp: undefined }],
  ["never expires, but was made just now", { exp: undefined, iat: secondsFromNow(0) }],
  ["expires at no time", { exp: "tomorrow" }],
  ["expires at a time in a text", { exp: String(secondsFromNow(3600)) }],
  ["expires at null", { exp: null }],
  ["is not valid yet", { nbf: secondsFromNow(LATE_SECONDS) }],
  ["is valid from no time", { nbf: "yesterday" }],
  ["comes from another issuer", { iss: "https://elsewhere.example.com/" }],
  ["comes from an issuer that begins alike", { iss: `${ISSUER}x` }],
  ["comes from an issuer that lacks the last character", { iss: ISSUER.slice(0, -1) }],
  ["comes from several issuers", { iss: [ISSUER] }],
  ["names no issuer", { iss: undefined }],
  ["is for another audience", { aud: "other" }],
  ["is for several other audiences", { aud: ["other", `${AUDIENCE}2`] }],
  ["is for an audience in other letters", { aud: AUDIENCE.toUpperCase() }],
  ["is for an audience in a list in a list", { aud: [[AUDIENCE]] }],
  ["is for an empty list of audiences", { aud: [] }],
  ["is for no audience", { aud: undefined }],
  ["names nobody", { sub: undefined }],
  ["names a blank", { sub: " " }],
  ["names somebody with a NUL", { sub: "a\u0000b" }],
  ["names somebody in 256 characters", { sub: "a".repeat(256) }],
  ["names a number", { sub: 7 }],
];

const FORGERIES: readonly [what: string, make: () => string | Promise<string>][] = [
  ["is not signed (alg none)", () => forged({ alg: "none" }, claimsWith(), unsigned)],
  ["is not signed, and says so in capitals", () => forged({ alg: "NONE" }, claimsWith(), unsigned)],
  ["is not signed, by name of their key", () => forged({ ...HEADER, alg: "none" }, claimsWith(), unsigned)],
  ["is signed, and says that it is not", () => signed({ ...HEADER, alg: "none" })],
  ["has lost its signature", () => forged(HEADER, claimsWith(), unsigned)],
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
    "is signed with the public key in PEM without its last line break as a shared secret",
    () => sharedSecret("HS256", identity.publicPem.trim()),
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
  ["demands what it does not bring", () => signed({ ...HEADER, crit: ["exp"] })],
  ["demands nothing at all", () => signed({ ...HEADER, crit: [] })],
  [
    "has claims that are not encoded (b64 false)",
    () => {
      const input = `${encoded({ ...HEADER, crit: ["b64"], b64: false })}.{}`;
      return `${input}.${rs256(identity.privateKey)(input).toString("base64url")}`;
    },
  ],
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
  ["has claims that are no object", () => signed(HEADER, [1])],
  ["has claims that are null", () => signed(HEADER, null)],
  ["has a header that is not JSON", () => signed("header")],
  ["has a header that is no object", () => signed(["RS256"])],
  ["is garbage", () => "garbage"],
  ["is three pieces of garbage", () => "a.b.c"],
  ["is two dots", () => ".."],
];

describe.each([
  ["a key server", (dependencies = {}) => withKeyServer(identity.jwksUrl, dependencies)],
  ["a public key", (dependencies = {}) => withPublicKey(identity.publicKey, dependencies)],
] satisfies [string, (dependencies?: Partial<AuthenticatorDependencies>) => Authenticator][])(
  "with %s",
  (_source, authenticator) => {
    test.each(CLAIMS)("does not believe a token that %s", async (_what, changes) => {
      expect(await authenticator().authenticate(`Bearer ${await identity.token(changes)}`)).toBeNull();
    });

    test.each(FORGERIES)("does not believe a token that %s", async (_what, make) => {
      expect(await authenticator().authenticate(`Bearer ${await make()}`)).toBeNull();
    });

    test("does not believe a token in which any one character was changed, taken out or added", async () => {
      const { authenticate } = authenticator();
      const token = await identity.token({ stores: STORES });
      expect(await authenticate(`Bearer ${token}`)).not.toBeNull();
      // Not in the signature: the last character of base64 has bits that stand for nothing.
      const signedPart = token.lastIndexOf(".");
      const character = fc.stringMatching(/^[\w-]?$/u);
      const change = fc.record({
        at: fc.nat({ max: signedPart - 1 }),
        put: character,
        instead: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(change, async ({ at, put, instead }) => {
          const changed = token.slice(0, at) + put + token.slice(at + (instead ? 1 : 0));
          fc.pre(changed !== token);
          expect(await authenticate(`Bearer ${changed}`)).toBeNull();
        }),
        { numRuns: 200 },
      );
    });

    test("believes a token until it expires, and five seconds longer, for clocks that differ", async () => {
      const exp = secondsFromNow(0);
      const token = await identity.token({ exp });
      for (const [seconds, believed] of [
        [-1, true],
        [4, true],
        [5, false],
        [3600, false],
      ] as const) {
        const clock = { monotonicMs: () => 0, wallMs: () => (exp + seconds) * 1_000 };
        const { authenticate } = authenticator({ clock });
        expect([seconds, (await authenticate(`Bearer ${token}`)) !== null]).toEqual([seconds, believed]);
      }
    });
  },
);

describe("a token of more than 8 kB", () => {
  const sized = async (length: number): Promise<string> => {
    const bare = await identity.token({ filling: "" });
    // Three bytes are four characters.
    return identity.token({ filling: "x".repeat(Math.floor(((length - bare.length) * 3) / 4)) });
  };

  test("is refused, and one just below is not", async () => {
    const { authenticate } = withPublicKey(identity.publicKey);
    const [largest, larger] = [await sized(8 * 1024), await sized(8 * 1024 + 4)];
    expect(largest.length).toBeGreaterThan(8 * 1024 - 4);
    expect(larger.length).toBeGreaterThan(8 * 1024);
    expect(await authenticate(`Bearer ${largest}`)).not.toBeNull();
    expect(await authenticate(`Bearer ${larger}`)).toBeNull();
  });

  test("is refused before its key is asked for", async () => {
    const asked = await startIdentity();
    const { authenticate } = withKeyServer(asked.jwksUrl);
    expect(await authenticate(`Bearer ${await sized(15_000)}`)).toBeNull();
    expect(asked.requests).toEqual([]);
    expect(await authenticate(`Bearer ${await identity.token()}`)).toBeNull();
    expect(asked.requests).toEqual(["/keys"]);
    await asked.close();
  });
});
