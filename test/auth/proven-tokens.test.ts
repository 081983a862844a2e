import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { secondsFromNow, startIdentity, type Identity } from "../helpers/identity.js";
import { withKeyServer, withPublicKey } from "./tokens.js";

let identity: Identity;
beforeEach(async () => {
  identity = await startIdentity("ES256");
});
afterEach(() => identity.close());

const SECOND_MS = 1_000;

describe("a token that was believed before", () => {
  test("is believed until it ends, and not a millisecond longer", async () => {
    const exp = secondsFromNow(60);
    let nowMs = Date.now();
    const clock = { monotonicMs: () => performance.now(), wallMs: () => nowMs };
    const { authenticate } = withPublicKey(identity.publicKey, { clock });
    const token = `Bearer ${await identity.token({ exp })}`;
    const caller = await authenticate(token);
    expect(caller).not.toBeNull();
    nowMs = (exp + 5) * SECOND_MS - 1;
    expect(await authenticate(token)).toEqual(caller);
    nowMs += 1;
    expect(await authenticate(token)).toBeNull();
  });

  test("is looked at again by a clock that was put back", async () => {
    let nowMs = Date.now() + 60 * SECOND_MS;
    const clock = { monotonicMs: () => performance.now(), wallMs: () => nowMs };
    const { authenticate } = withPublicKey(identity.publicKey, { clock });
    const token = `Bearer ${await identity.token({ nbf: secondsFromNow(30) })}`;
    expect(await authenticate(token)).not.toBeNull();
    nowMs -= 60 * SECOND_MS;
    expect(await authenticate(token)).toBeNull();
  });

  test("is not believed with another signature, another header or another payload", async () => {
    const { authenticate } = withPublicKey(identity.publicKey);
    const token = await identity.token();
    const other = await identity.token({ sub: "user-2" });
    expect(await authenticate(`Bearer ${token}`)).not.toBeNull();
    expect(await authenticate(`Bearer ${other}`)).not.toBeNull();
    const [header = "", payload = "", signature = ""] = token.split(".");
    const [, otherPayload = "", otherSignature = ""] = other.split(".");
    for (const forged of [
      `${header}.${payload}.${otherSignature}`,
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${payload}.${payload}.${signature}`,
    ])
      expect(await authenticate(`Bearer ${forged}`)).toBeNull();
  });

  test("is not believed once its key is gone, however often it had been", async () => {
    const { authenticate, refreshKeys } = withKeyServer(identity.jwksUrl);
    const token = `Bearer ${await identity.token()}`;
    for (let count = 0; count < 3; count += 1) expect(await authenticate(token)).not.toBeNull();
    identity.answer(200, '{"keys": []}');
    await refreshKeys();
    expect(await authenticate(token)).toBeNull();
  });

  test("goes on being believed while the keys cannot be fetched", async () => {
    const { authenticate, refreshKeys } = withKeyServer(identity.jwksUrl);
    const token = `Bearer ${await identity.token()}`;
    expect(await authenticate(token)).not.toBeNull();
    identity.answer(500, "");
    await refreshKeys();
    for (let count = 0; count < 3; count += 1) expect(await authenticate(token)).not.toBeNull();
  });
});

test("of two who were believed nobody is taken for the other", async () => {
  const { authenticate } = withPublicKey(identity.publicKey);
  const tokens = await Promise.all(["a", "b"].map((sub) => identity.token({ sub, stores: [] })));
  for (let count = 0; count < 3; count += 1) {
    const callers = await Promise.all(tokens.map((token) => authenticate(`Bearer ${token}`)));
    expect(callers.map((caller) => caller?.subject)).toEqual(["a", "b"]);
  }
});
