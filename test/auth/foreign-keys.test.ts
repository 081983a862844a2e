import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Authenticator } from "../../src/auth/authenticator.js";
import { claimsWith, startIdentity, type Identity } from "../helpers/identity.js";
import { forged, hs256, rs256, withKeyServer, withPublicKey, type Signature } from "./tokens.js";

let identity: Identity;
/** Has a key pair and a server of its own, which publishes the key under the same id as the real one's. */
let attacker: Identity;

beforeAll(async () => {
  [identity, attacker] = await Promise.all([startIdentity(), startIdentity()]);
});
beforeEach(() => {
  identity.recover();
  for (const each of [identity, attacker]) each.forgetRequests();
});
afterAll(() => Promise.all([identity.close(), attacker.close()]));

const SOURCES: readonly [string, () => Authenticator][] = [
  ["a key server", () => withKeyServer(identity.jwksUrl)],
  ["a public key", () => withPublicKey(identity.publicKey)],
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
  ["iss in the header", () => ({ iss: attacker.jwksUrl })],
];

describe.each(SOURCES)("with %s", (source, authenticator) => {
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
    const { authenticate } = authenticator();
    const token = await identity.token({}, { jku: attacker.jwksUrl, x5u: attacker.jwksUrl });
    expect(await authenticate(`Bearer ${token}`)).toMatchObject({ subject: "user-1" });
    expect(attacker.requests).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["a path to an empty file", "../../../../../../dev/null"],
    ["SQL", "key-1' UNION SELECT 'secret' --"],
    ["the known one, and a NUL", "key-1\u0000"],
    ["nothing", ""],
    ["very long", "a".repeat(4_000)],
    ["null", null],
    ["a list of the known one", ["key-1"]],
    ["what every object has", "__proto__"],
  ])("a token whose key id is %s proves nothing, and reaches nothing", async (_what, kid) => {
    const { authenticate } = authenticator();
    const attempts: readonly [alg: string, signature: Signature][] = [
      ["HS256", hs256("")],
      ["HS256", hs256("secret")],
      ["HS256", hs256(identity.publicPem)],
      ["RS256", rs256(attacker.privateKey)],
    ];
    for (const [alg, signature] of attempts)
      expect(await authenticate(`Bearer ${forged({ alg, kid }, claimsWith(), signature)}`)).toBeNull();
    // The key server is asked for its set, once and at its own address.
    expect(identity.requests).toEqual(source === "a key server" ? ["/keys"] : []);
  });
});

describe("with a key server", () => {
  test("the real key does not count under an id that is not its own", async () => {
    const { authenticate } = withKeyServer(identity.jwksUrl);
    for (const kid of ["key-2", "", 1]) {
      const token = forged({ alg: "RS256", kid }, claimsWith(), rs256(identity.privateKey));
      expect(await authenticate(`Bearer ${token}`)).toBeNull();
    }
    expect(await authenticate(`Bearer ${await identity.token()}`)).not.toBeNull();
  });

  test("a shared secret proves nothing, even if the set lists it", async () => {
    const k = Buffer.alloc(32, 1);
    const listed = { kty: "oct", k: k.toString("base64url"), kid: "shared" };
    identity.answer(200, JSON.stringify({ keys: [listed, { ...listed, alg: "HS256", kid: "key-1" }] }));
    const { authenticate } = withKeyServer(identity.jwksUrl);
    for (const kid of ["shared", "key-1", undefined])
      for (const alg of ["HS256", "RS256"]) {
        const token = forged({ alg, kid }, claimsWith(), hs256(k));
        expect(await authenticate(`Bearer ${token}`)).toBeNull();
      }
  });

  test("a key that is listed for encrypting proves nothing", async () => {
    const jwk = { ...identity.publicKey.export({ format: "jwk" }), kid: "key-1" };
    identity.answer(200, JSON.stringify({ keys: [{ ...jwk, use: "enc" }] }));
    expect(await withKeyServer(identity.jwksUrl).authenticate(`Bearer ${await identity.token()}`)).toBeNull();
    identity.answer(200, JSON.stringify({ keys: [jwk] }));
    expect(
      await withKeyServer(identity.jwksUrl).authenticate(`Bearer ${await identity.token()}`),
    ).not.toBeNull();
  });
});
