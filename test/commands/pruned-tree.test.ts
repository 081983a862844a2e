import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { EXAMPLE_MUTATION } from "../../src/graphql/welcome.js";
import { createEmptyDatabase, type TestDatabase } from "../helpers/database.js";
import { runService, urlOf } from "../helpers/service-process.js";

/** What production lacks is then not found, although the links lead to where it is. */
const WITHIN_THE_TREE = ["--preserve-symlinks", "--preserve-symlinks-main"];

let tree: string;
let database: TestDatabase;
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), "ebp-pruned-"));
  for (const part of ["package.json", "dist", "scripts"]) cpSync(part, join(tree, part), { recursive: true });
  for (const path of productionPackages()) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    symlinkSync(resolve(path), join(tree, path));
  }
  database = await createEmptyDatabase();
});
afterAll(async () => {
  await database.drop();
  await rm(tree, { recursive: true });
});

interface Locked {
  readonly dev?: true;
  readonly optional?: true;
  readonly devOptional?: true;
}

/** What `npm prune --omit=dev --omit=optional` leaves. What is inside another package comes with that. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, Locked>;
  };
  return Object.entries(packages)
    .filter(([, locked]) => (locked.dev ?? locked.optional ?? locked.devOptional) === undefined)
    .map(([path]) => path)
    .filter((path) => path.lastIndexOf("node_modules/") === 0);
}

async function npm(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", words, {
    cwd: tree,
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: database.url,
      npm_config_cache: join(tree, "npm-cache"),
      npm_config_node_options: WITHIN_THE_TREE.join(" "),
      npm_config_update_notifier: "false",
    },
  });
  return stdout;
}

test("a tree without the packages of development migrates by npm, tells what it would do, and serves", async () => {
  const nothingYet = await npm("run", "--silent", "migrate", "--", "--dry-run");
  expect(nothingYet).toMatch(/^would apply migration \d{14}_init\n/u);
  expect(await npm("run", "--silent", "migrate")).toBe(nothingYet.replaceAll("would apply", "applied"));
  expect(await npm("run", "--silent", "migrate", "--", "--dry-run")).toBe(
    "The database has every migration.\n",
  );

  const program = [...WITHIN_THE_TREE, join(tree, "dist/src/main.js")];
  const service = runService({ DATABASE_URL: database.url, PORT: "0" }, program);
  const answer = await fetch(`${await urlOf(service)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: EXAMPLE_MUTATION }),
  });
  expect(await answer.text()).toContain('"status":"SUCCEEDED"');
  service.kill("SIGTERM");
  expect(await service.ended).toBe(0);
});
