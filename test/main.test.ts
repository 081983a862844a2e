import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import { STORE, withStores } from "./helpers/configuration.js";
import { createTestDatabase, type TestDatabase } from "./helpers/database.js";
import { runService, urlOf, type ServiceProcess } from "./helpers/service-process.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

async function database(): Promise<TestDatabase> {
  const created = await createTestDatabase();
  releases.push(() => created.drop());
  return created;
}

function run(environment: Record<string, string>): ServiceProcess {
  const service = runService(environment);
  releases.push(() => {
    service.kill("SIGKILL");
    return service.ended;
  });
  return service;
}

const SHORT_KEY = generateKeyPairSync("rsa", { modulusLength: 1024 })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();

describe("the process", () => {
  test("tells every fault of its configuration and ends with code 1, without a stack trace", async () => {
    const service = run({
      PORT: "many",
      LOG_LEVEL: "loud",
      EBP_HASH_KEY: "a-secret",
      EBP_CURRENCY_CODE: "WON",
    });
    expect(await service.ended).toBe(1);
    expect(service.stdout).toBe("");
    expect(service.stderr).toMatch(
      /^ConfigurationError: The configuration cannot be used:\n(?: {2}- [A-Z_]+: expected .+, found .+\n){3}$/u,
    );
    for (const variable of ["PORT", "LOG_LEVEL", "EBP_CURRENCY_CODE"])
      expect(service.stderr).toContain(variable);
    expect(service.stderr).not.toContain("a-secret");
  });

  test("names what production needs, and starts nothing", async () => {
    const service = run({ NODE_ENV: "production" });
    expect(await service.ended).toBe(1);
    expect(service.stderr.match(/^ {2}- \w+: /gmu)).toHaveLength(14);
  });

  test.each([
    [
      "a database that does not answer",
      { DATABASE_URL: "postgresql://nobody:word@127.0.0.1:1/none" },
      /^DatabaseUnreachableError: The PostgreSQL at 127\.0\.0\.1:1 cannot be used: .+\. Check DATABASE_URL/u,
    ],
    [
      "a public key that can check nothing",
      { AUTH_PUBLIC_KEY: SHORT_KEY, AUTH_ISSUER: "me", AUTH_AUDIENCE: "you" },
      /AUTH_PUBLIC_KEY: expected an RSA key of at least 2048 bits/u,
    ],
  ])("ends with code 1 and a message, without a stack trace, on %s", async (_what, environment, message) => {
    const service = run({ DATABASE_URL: (await database()).url, PORT: "0", ...environment });
    expect(await service.ended).toBe(1);
    expect(service.stderr).toMatch(message);
    expect(service.stderr).not.toMatch(/^\s+at /mu);
    expect(service.stderr).not.toContain("word");
  });

  test("warns of an access key that expires within 30 days, and of no other", async () => {
    const day = 24 * 60 * 60 * 1_000;
    const expiring = (storeId: string, days: number): object => {
      return { ...STORE, storeId, accessKeyExpiresAt: new Date(Date.now() + days * day).toISOString() };
    };
    const stores = [
      expiring("SOON", 29),
      expiring("GONE", -1),
      expiring("LATER", 31),
      { ...STORE, storeId: "NEVER" },
    ];
    const service = run({ DATABASE_URL: (await database()).url, PORT: "0", ...withStores(stores) });
    await service.output(/Stop with Ctrl-C/u);
    const warned = service.log().filter(({ msg }) => String(msg).startsWith("the access key of this store"));

    expect(warned.map(({ level, storeId, msg }) => [level, storeId, msg])).toEqual([
      [40, "SOON", expect.stringMatching(/ expires within 30 days$/u)],
      [40, "GONE", expect.stringMatching(/ has expired/u)],
    ]);
  });

  test("says which setting to change when its port is taken", async () => {
    const first = run({ DATABASE_URL: (await database()).url, PORT: "0" });
    const { port } = new URL(await urlOf(first));
    const second = run({ DATABASE_URL: (await database()).url, PORT: port });

    expect(await second.ended).toBe(1);
    expect(second.stderr).toBe(
      `ListenError: listening on 127.0.0.1:${port}: something else listens there. Stop it, or set PORT to another port\n`,
    );
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "ends with code 0 on %s while idle, connections and all",
    async (signal) => {
      const service = run({ DATABASE_URL: (await database()).url, PORT: "0" });
      const url = await urlOf(service);
      await service.output(/Stop with Ctrl-C/u);
      // Leaves an idle connection open to the service, and one of the service's to the database.
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      service.kill(signal);
      expect(await service.ended).toBe(0);
      expect(service.log()).toContainEqual(expect.objectContaining({ msg: expect.stringContaining(signal) }));
      expect(service.stderr).toBe("");
      await expect(fetch(`${url}/livez`)).rejects.toThrow();
    },
  );
});
