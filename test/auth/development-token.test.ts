import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import { developmentKey, mintToken } from "../../src/auth/development-token.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ebp-key-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the key pair of development tokens", () => {
  test("is made once, however many make it together, and only its owner can read the private key", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => developmentKey(folder)));
    expect((await readdir(folder)).sort()).toEqual(["token-private-key.pem", "token-public-key.pem"]);
    expect((await stat(join(folder, "token-private-key.pem"))).mode & 0o777).toBe(0o600);
    const kept = await developmentKey(folder);
    for (const { privateKey } of keys) expect(privateKey.equals(kept.privateKey)).toBe(true);
  });

  test("has its public key written again when that is lost or another one's", async () => {
    const { publicKeyPath } = await developmentKey(folder);
    const pem = await readFile(publicKeyPath, "utf8");
    await rm(publicKeyPath);
    await developmentKey(folder);
    expect(await readFile(publicKeyPath, "utf8")).toBe(pem);
    await writeFile(publicKeyPath, "another");
    await developmentKey(folder);
    expect(await readFile(publicKeyPath, "utf8")).toBe(pem);
  });

  test.each([
    ["none", "no key"],
    [
      "on another curve",
      generateKeyPairSync("ec", { namedCurve: "P-384" })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString(),
    ],
  ])("is refused when it is %s, and neither quoted nor changed", async (_what, content) => {
    const path = join(folder, "token-private-key.pem");
    await writeFile(path, content);
    const error = await developmentKey(folder).catch(String);
    expect(error).toMatch(
      /^Error: reading the key of development tokens in .+: expected a private key on P-256/u,
    );
    expect(error).not.toContain(content.split("\n")[1] ?? content);
    expect(await readFile(path, "utf8")).toBe(content);
  });
});

test("a development token says what it was made for", async () => {
  const { privateKey } = await developmentKey(folder);
  const token = await mintToken(privateKey, {
    issuer: "issuer",
    audience: "audience",
    subject: "kim",
    storeIds: ["SIM-KR", "SIM-TWO"],
    scopes: ["cancellations:read"],
    issuedAtMs: 1_790_000_000_999,
    lifetimeSeconds: 3_600,
  });
  expect(decodeJwt(token)).toEqual({
    iss: "issuer",
    aud: "audience",
    sub: "kim",
    stores: ["SIM-KR", "SIM-TWO"],
    scope: "cancellations:read",
    iat: 1_790_000_000,
    exp: 1_790_003_600,
  });
});
