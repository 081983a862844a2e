import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { AUDIENCE, secondsFromNow, startIdentity, type Identity } from "../helpers/identity.js";
import { STORES, switchedOff, withKeyServer, withPublicKey } from "./tokens.js";

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

/** Of the clock tolerance, which is 5 seconds, this much is sure to be left while a test runs. */
const WITHIN_TOLERANCE_SECONDS = 1;

describe.each([
  ["a key server", () => withKeyServer(identity.jwksUrl)],
  ["a public key", () => withPublicKey(identity.publicKey)],
])("with %s", (_source, authenticator) => {
  test("knows the caller of a valid token", async () => {
    const { authenticate } = authenticator();
    const token = await identity.token({ stores: ["KR01"] });
    const caller = { subject: "user-1", scopes: SCOPES, storeIds: ["KR01"], provenUntil: expect.any(Date) };
    for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
      expect(await authenticate(scheme + token)).toEqual(caller);
  });

  test("knows until when its token is taken: as long as clocks may differ beyond its end", async () => {
    const { authenticate } = authenticator();
    const exp = secondsFromNow(60);
    const caller = await authenticate(`Bearer ${await identity.token({ exp })}`);
    expect(caller?.provenUntil).toEqual(new Date((exp + 5) * 1_000));
  });

  test.each([
    ["is for others too", { aud: ["other", AUDIENCE] }],
    ["names its audience twice", { aud: [AUDIENCE, AUDIENCE] }],
    ["ran out by less than clocks differ", { exp: secondsFromNow(-WITHIN_TOLERANCE_SECONDS) }],
    ["begins later by less than clocks differ", { nbf: secondsFromNow(WITHIN_TOLERANCE_SECONDS) }],
    ["says nothing else of its time, and runs for an hour", { nbf: undefined, iat: undefined }],
    ["names somebody in 255 characters", { sub: "é".repeat(255) }],
  ])("believes a token that %s", async (_what, claims) => {
    const { authenticate } = authenticator();
    expect(await authenticate(`Bearer ${await identity.token(claims)}`)).not.toBeNull();
  });

  test.each([undefined, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "garbage", "Bearer a b", "\0"])(
    "does not believe the header %j",
    async (header) => {
      expect(await authenticator().authenticate(header)).toBeNull();
    },
  );

  test("does not believe a valid token that is not alone, or not announced as one", async () => {
    const { authenticate } = authenticator();
    const token = await identity.token();
    const headers = [
      token,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} ${token}`,
      `Bearer\t${token}`,
      `Bearer${token}`,
      `Token ${token}`,
      `Bearer "${token}"`,
    ];
    for (const header of headers) expect(await authenticate(header)).toBeNull();
  });
});

describe("lets a caller act for", () => {
  test.each([
    ["the stores that the token lists", ["US01", "KR01"], ["KR01", "US01"]],
    ["no store that is not served here", ["KR01", "JP01"], ["KR01"]],
    ["no store twice", ["KR01", "KR01"], ["KR01"]],
    ["no store when the token lists none", [], []],
    ["no store when the claim is missing", undefined, []],
    ["no store when the claim is null", null, []],
    ["no store when the claim is not a list", "KR01", []],
    ["no store when the claim is an object", { KR01: true }, []],
    ["no store by a pattern", ["*", "KR%", 1, null, ["KR01"]], []],
    ["no store whose name is nearly that", ["kr01", " KR01", "KR01\u0000"], []],
  ])("%s", async (_what, stores, storeIds) => {
    const { authenticate } = withPublicKey(identity.publicKey);
    const token = await identity.token({ stores });
    expect(await authenticate(`Bearer ${token}`)).toMatchObject({ subject: "user-1", storeIds });
  });

  test("every store, as nobody in particular, when authentication is off", async () => {
    const { authenticate } = switchedOff();
    const anybody = { subject: null, scopes: SCOPES, storeIds: STORES, provenUntil: null };
    expect(await authenticate(undefined)).toEqual(anybody);
    expect(await authenticate("Bearer garbage")).toEqual(anybody);
  });
});

describe("lets a caller do", () => {
  test.each([
    ["what the scope names", "cancellations:read cancellations:write", SCOPES.slice(0, 2)],
    ["what it names among scopes of others", "openid cancellations:read profile", [SCOPES[1]]],
    ["nothing when there is no scope", undefined, []],
    ["nothing when it is empty", "", []],
    ["nothing by a list, which RFC 8693 does not know", [...SCOPES], []],
    ["nothing by a scope that is nearly right", "cancellations:READ cancellations: cancellations:*", []],
    ["nothing by scopes without a blank between", SCOPES.join(","), []],
  ])("%s", async (_what, scope, scopes) => {
    const { authenticate } = withPublicKey(identity.publicKey);
    expect(await authenticate(`Bearer ${await identity.token({ scope })}`)).toMatchObject({ scopes });
  });
});
