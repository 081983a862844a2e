import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { readTokenOptions, type TokenWords } from "../../src/commands/token-options.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { cancelInput } from "../helpers/operations.js";
import { command, runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";

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
  return runService({ DATA_DIR: join(folder, name), ...environment }, [...command("token"), ...words]);
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
  test("prints a token and nothing else, which a service with the printed settings accepts", async () => {
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
        extensions: { cost: expect.any(Number) },
      },
    });
    expect((await cancelWith(service)).status).toBe(401);
    expect(service.log().filter(({ msg }) => String(msg).includes("authentication is off"))).toEqual([]);
  });

  test("makes nothing with a mistyped NODE_ENV", async () => {
    const environment = "prod";
    const run = token(environment, [], { NODE_ENV: environment });
    expect(await run.ended).toBe(1);
    expect(run.stdout).toBe("");
    expect(run.stderr).toBe(
      `Error: NODE_ENV: expected development, test or nothing to make a token, found "${environment}"\n`,
    );
    await expect(stat(join(folder, environment))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

const DEFAULTS = {
  subject: "developer",
  storeIds: ["SIM-KR"],
  scopes: SCOPES,
  lifetimeSeconds: 8 * 60 * 60,
};

const WORDS = { subject: "developer", stores: "SIM-KR", scope: SCOPES.join(" "), expires: "8h" };

describe("the options", () => {
  test.each<[Partial<TokenWords>, object]>([
    [{}, {}],
    [{ subject: "kim@example.com" }, { subject: "kim@example.com" }],
    [{ stores: "SIM-KR, SIM-TWO,SIM-KR" }, { storeIds: ["SIM-KR", "SIM-TWO"] }],
    [{ scope: "cancellations:resolve  cancellations:read" }, { scopes: SCOPES.slice(1) }],
    [{ scope: "cancellations:read,cancellations:resolve" }, { scopes: SCOPES.slice(1) }],
    [{ expires: "90s" }, { lifetimeSeconds: 90 }],
    [{ expires: "7d" }, { lifetimeSeconds: 604_800 }],
  ])("accept %j", (words, changes) => {
    expect(readTokenOptions({ ...WORDS, ...words })).toEqual({ ...DEFAULTS, ...changes });
  });

  test.each<[Partial<TokenWords>, string]>([
    [
      { scope: "cancellations:all" },
      '--scope: expected some of cancellations:write, cancellations:read, cancellations:resolve, found "cancellations:all"',
    ],
    [{ scope: "" }, "--scope: expected some of"],
    [{ stores: "" }, '--stores: expected store ids such as SIM-KR,SIM-US, found ""'],
    [{ subject: " " }, '--subject: expected 1 to 255 characters that name somebody, found " "'],
    [{ expires: "8" }, '--expires: expected a time such as 90s, 30m, 8h or 7d, found "8"'],
    [{ expires: "0h" }, "--expires: "],
    [{ expires: "9999999d" }, "--expires: "],
  ])("refuse %j, naming the option", (words, message) => {
    expect(() => readTokenOptions({ ...WORDS, ...words })).toThrow(message);
  });
});
