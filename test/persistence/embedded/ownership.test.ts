import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeOwnership } from "../../../src/persistence/embedded/ownership.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ebp-ownership-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("takes over a claim whose process id now belongs to another process", async () => {
  await writeFile(join(folder, "owner.7.lock"), `${String(process.ppid)}\nstarted at another time\n`);

  const release = await takeOwnership(folder);

  await expect(takeOwnership(folder)).rejects.toMatchObject({
    name: "EmbeddedPostgresInUseError",
    pid: process.pid,
  });
  await release();
  const releaseAgain = await takeOwnership(folder);
  await releaseAgain();
});

test("lets exactly one of many simultaneous starters have the folder", async () => {
  await writeFile(join(folder, "owner.7.lock"), "1\nlong gone\n");

  for (let round = 0; round < 20; round++) {
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => takeOwnership(folder)));
    const owners = attempts.filter((attempt) => attempt.status === "fulfilled");
    expect(owners).toHaveLength(1);
    await owners[0]?.value();
  }
});
