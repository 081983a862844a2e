import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const AUDIT_ENDPOINT = "/-/npm/v1/security/";
const ADVISORY = {
  id: 1,
  url: "https://github.com/advisories/GHSA-test",
  title: "Anybody may do anything",
  severity: "critical",
  vulnerable_versions: ">=0",
};

let registry: Server;
let url: string;
let cache: string;
/** What the registry does with a question for advisories; it has no packages. */
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "ebp-audit-test-"));
  registry = createServer((request, response) => {
    request.resume();
    if (!(request.url ?? "").startsWith(AUDIT_ENDPOINT)) return void response.writeHead(404).end("{}");
    answer(response);
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
  await rm(cache, { recursive: true });
});

interface Audited {
  readonly code: number;
  readonly output: string;
  readonly lastLine: string;
}

function audit(environment: Record<string, string> = {}): Promise<Audited> {
  const env = {
    PATH: process.env["PATH"],
    npm_config_registry: url,
    npm_config_cache: cache,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ["scripts/audit.mjs"], { cwd: ROOT, env }, (error, stdout) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, output: stdout, lastLine: stdout.trimEnd().split("\n").at(-1) ?? "" });
    });
  });
}

const json = (status: number, body: unknown): typeof answer => text(status, JSON.stringify(body));
function text(status: number, body: string): typeof answer {
  return (response) => void response.writeHead(status, { "content-type": "application/json" }).end(body);
}

describe("an audit", () => {
  test("passes and counts the packages when the registry knows of nothing", async () => {
    answer = json(200, {});
    const { code, lastLine } = await audit();
    expect(lastLine).toMatch(/^audited: [1-9]\d\d packages, no known vulnerabilities$/u);
    expect(code).toBe(0);
  });

  test("asks although npm is told to stay offline, fails when the registry knows of a vulnerability, and names it", async () => {
    answer = json(200, { fastify: [ADVISORY] });
    const { code, output, lastLine } = await audit({ npm_config_offline: "true" });
    expect(output).toContain(`critical fastify: ${ADVISORY.title} (${ADVISORY.url})`);
    expect(lastLine).toMatch(/^audited: \d+ packages, 1 known vulnerability, 1 unexplained$/u);
    expect(code).toBe(1);
  });

  test("does not fail when the registry says that it cannot audit, and the last line names it", async () => {
    answer = text(404, "");
    const { code, lastLine } = await audit();
    expect(lastLine).toBe("not audited: the registry has no audit endpoint (404)");
    expect(code).toBe(0);
  });

  test.each<[what: string, answer: (response: ServerResponse) => void]>([
    ["answers 500", text(500, "{}")],
    ["answers something else than JSON", text(200, "<html>")],
    ["cuts the connection", (response) => void response.destroy()],
  ])("fails without an answer when the registry %s", async (_what, behaviour) => {
    answer = behaviour;
    const { code, output, lastLine } = await audit({ npm_config_fetch_timeout: "1000" });
    expect(lastLine).toMatch(/^not audited: /u);
    expect(output).not.toContain("127.0.0.1");
    expect(code).toBe(1);
  });
});
