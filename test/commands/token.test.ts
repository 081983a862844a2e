import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { cancelInput } from "../helpers/operations.js";
import { runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";

const P384_KEY = generateKeyPairSync("ec", { namedCurve: "P-384" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

let folder: string;
let database: TestDatabase;
const releases: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ebp-token-test-"));
  database = await createTestDatabase();
});
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** `npm run token`, from the sources, with a data folder of this name. */
function token(
  name: string,
  words: readonly string[] = [],
  environment: Record<string, string> = {},
): ServiceProcess {
  return runService({ DATA_DIR: join(folder, name), ...environment }, [
    "--import",
    "./scripts/register-typescript.mjs",
    "src/commands/token.ts",
    ...words,
  ]);
}

async function minted(name: string, ...words: string[]): Promise<string> {
  const run = token(name, words);
  expect([await run.ended, run.stderr]).toEqual([0, expect.stringContaining("Authorization: Bearer")]);
  return run.stdout.trim();
}

/** The settings that the command names, as a shell would read them. */
function settingsIn(text: string): Record<string, string> {
  const named = text.matchAll(/(AUTH_\w+)=(?:'([^']*)'|(\S+))/gu);
  return Object.fromEntries(Array.from(named, ([, name = "", quoted, bare]) => [name, quoted ?? bare ?? ""]));
}

async function start(environment: Record<string, string>): Promise<ServiceProcess> {
  const service = runService({
    DATABASE_URL: database.url,
    PORT: "0",
    DATA_DIR: join(folder, "service"),
    ...environment,
  });
  releases.push(() => {
    service.kill("SIGTERM");
    return service.ended;
  });
  await urlOf(service);
  return service;
}

const CANCEL = `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) {
  cancellation { status storeId requestedBy } userErrors { code } } }`;

async function cancelWith(
  service: ServiceProcess,
  authorization?: string,
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${await urlOf(service)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } }),
  });
  return { status: response.status, body: await response.json() };
}

describe("npm run token", () => {
  test("prints a token, and it alone, which the service takes with the settings that it names; of another folder it takes none", async () => {
    const run = token("a folder with blanks", ["--subject", "kim"]);
    expect(await run.ended).toBe(0);
    expect(run.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/u);
    const settings = settingsIn(run.stderr);
    expect(Object.keys(settings)).toEqual(["AUTH_PUBLIC_KEY_FILE", "AUTH_ISSUER", "AUTH_AUDIENCE"]);
    const service = await start(settings);

    expect(await cancelWith(service, `Bearer ${run.stdout.trim()}`)).toEqual({
      status: 200,
      body: {
        data: {
          cancelPayment: {
            cancellation: { status: "SUCCEEDED", storeId: "SIM-KR", requestedBy: "kim" },
            userErrors: [],
          },
        },
      },
    });
    expect((await cancelWith(service)).status).toBe(401);
    const foreign = await cancelWith(service, `Bearer ${await minted("another folder")}`);
    expect(foreign.status).toBe(401);
    expect(foreign.body.errors[0].extensions.code).toBe("UNAUTHENTICATED");
    expect(service.log().filter(({ msg }) => String(msg).includes("authentication is off"))).toEqual([]);
  });

  test("says in the token what was asked for", async () => {
    const run = token("claims", [
      "--subject",
      "kim",
      "--stores",
      "SIM-KR,SIM-TWO",
      "--scope",
      SCOPES[1],
      "--expires",
      "1h",
    ]);
    expect(await run.ended).toBe(0);
    const { iss, aud, iat, exp, ...claims } = decodeJwt(run.stdout.trim());
    expect(claims).toEqual({ sub: "kim", stores: ["SIM-KR", "SIM-TWO"], scope: "cancellations:read" });
    expect({ AUTH_ISSUER: iss, AUTH_AUDIENCE: aud }).toEqual({
      AUTH_ISSUER: settingsIn(run.stderr)["AUTH_ISSUER"],
      AUTH_AUDIENCE: settingsIn(run.stderr)["AUTH_AUDIENCE"],
    });
    expect((exp ?? 0) - (iat ?? 0)).toBe(3_600);
    expect(run.stderr).toContain(`until ${new Date((exp ?? 0) * 1_000).toISOString().slice(0, 19)}`);
  });

  test("keeps one key, which its owner alone can read, however many make it together", async () => {
    const dataDir = join(folder, "together");
    await Promise.all(Array.from({ length: 4 }, () => minted("together")));
    expect((await readdir(dataDir)).sort()).toEqual(["token-private-key.pem", "token-public-key.pem"]);
    const path = join(dataDir, "token-private-key.pem");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const key = await readFile(path, "utf8");
    await minted("together");
    expect(await readFile(path, "utf8")).toBe(key);
  });

  test("writes the public key anew when it is lost or is another's", async () => {
    const path = join(folder, "lost", "token-public-key.pem");
    await minted("lost");
    const key = await readFile(path, "utf8");
    await rm(path);
    await minted("lost");
    expect(await readFile(path, "utf8")).toBe(key);
    await writeFile(path, "another");
    await minted("lost");
    expect(await readFile(path, "utf8")).toBe(key);
  });

  test.each(["production", "prod"])("makes nothing with NODE_ENV=%s", async (environment) => {
    const run = token(environment, [], { NODE_ENV: environment });
    expect(await run.ended).toBe(1);
    expect(run.stdout).toBe("");
    expect(run.stderr).toBe(
      `Error: NODE_ENV: expected development, test or nothing to make a token, found "${environment}"\n`,
    );
    await expect(stat(join(folder, environment))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("tells of an option that cannot be used, with code 1 and no token", async () => {
    const run = token("options", ["--scope", "admin"]);
    expect(await run.ended).toBe(1);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^Error: --scope: expected some of .+, found "admin"\n$/u);
  });

  test.each([
    ["none", "no key"],
    ["of another kind", P384_KEY],
  ])("tells of a key that is %s, and neither quotes nor touches it", async (what, content) => {
    await mkdir(join(folder, what));
    const path = join(folder, what, "token-private-key.pem");
    await writeFile(path, content);
    const run = token(what);
    expect(await run.ended).toBe(1);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(
      /^Error: reading the key of development tokens in .+: expected a private key on P-256 in PEM, found something else\./u,
    );
    expect(run.stderr).not.toContain(content.split("\n")[1] ?? content);
    expect(await readFile(path, "utf8")).toBe(content);
  });

  test("explains itself", async () => {
    const run = token("help", ["--help"]);
    expect(await run.ended).toBe(0);
    for (const option of ["--subject", "--stores", "--scope", "--expires"])
      expect(run.stdout).toContain(option);
    await expect(stat(join(folder, "help"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
