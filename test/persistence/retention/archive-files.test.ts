import { describe, expect, test } from "@jest/globals";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { ArchiveError } from "../../../src/persistence/retention/archive-error.js";
import { fileName, prepareFolder } from "../../../src/persistence/retention/archive-folder.js";
import { readArchive } from "../../../src/persistence/retention/read-archive.js";
import { portions } from "../../../src/persistence/retention/sizes.js";
import { writeArchive, type WrittenArchive } from "../../../src/persistence/retention/write-archive.js";
import { useFolders } from "../../helpers/archives.js";

const newFolder = useFolders();
const UNREAD = { line: (): void => undefined, end: (): void => undefined };

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  for (const value of values) yield await Promise.resolve(value);
}

function write(folder: string, lines: readonly unknown[], reader = UNREAD): Promise<WrittenArchive> {
  return writeArchive(folder, "a", each(lines.map((line) => JSON.stringify(line))), reader);
}

async function linesOf(path: string): Promise<unknown[]> {
  const lines: unknown[] = [];
  await readArchive(path, (line) => lines.push(line));
  return lines;
}

describe("a file", () => {
  test("has what was written to it, whatever that is, and ends with how many lines it has and their SHA-256", async () => {
    const folder = await newFolder();
    const line = fc.record({
      text: fc.string({ unit: "binary" }),
      long: fc.nat(40_000).map((n) => "x".repeat(n)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
        const { path, bytes, fileBytes } = await write(folder, lines);
        expect(await linesOf(path)).toEqual(lines);
        const text = gunzipSync(await readFile(path)).toString("utf8");
        const last = text.trimEnd().split("\n").at(-1) ?? "";
        expect(JSON.parse(last)).toEqual({
          lines: lines.length,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/u),
        });
        expect(bytes).toBe(Buffer.byteLength(text) - Buffer.byteLength(last) - 1);
        expect((await stat(path)).size).toBe(fileBytes);
      }),
      { numRuns: 30 },
    );
  });

  test("can be read by its owner alone, and so can a folder that is made for it", async () => {
    const folder = join(await newFolder(), "made", "for it");
    await prepareFolder(folder);
    const { path } = await write(folder, [1]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test("takes the place of no other, finished or not", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "a-1.ndjson.gz"), "somebody's");
    await writeFile(join(folder, "a-2.ndjson.gz.partial"), "unfinished");
    const [one, other] = await Promise.all([write(folder, [1]), write(folder, [2])]);
    expect([one.path, other.path].sort()).toEqual(
      ["a-3.ndjson.gz", "a-4.ndjson.gz"].map((name) => join(folder, name)),
    );
    expect(await readFile(join(folder, "a-1.ndjson.gz"), "utf8")).toBe("somebody's");
    expect(await readFile(join(folder, "a-2.ndjson.gz.partial"), "utf8")).toBe("unfinished");
  });

  test("gets its name after it was read again, and none when it was found wanting", async () => {
    const folder = await newFolder();
    const reader = {
      line: (): void => undefined,
      end(): void {
        throw new ArchiveError("it lacks something");
      },
    };
    await expect(write(folder, [1], reader)).rejects.toThrow("it lacks something");
    expect(await readdir(folder)).toEqual([]);
  });

  test("is not there when its lines could not be made, and the fault is told as it is", async () => {
    const folder = await newFolder();
    async function* broken(): AsyncGenerator<string> {
      yield await Promise.resolve("{}");
      throw new TypeError("the database is away");
    }
    await expect(writeArchive(folder, "a", broken(), UNREAD)).rejects.toThrow(
      new TypeError("the database is away"),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test("that is damaged anywhere is refused", async () => {
    const folder = await newFolder();
    const { path } = await write(folder, [{ a: "x".repeat(50) }, { b: "y".repeat(50) }]);
    const bytes = await readFile(path);
    const damaged = join(folder, "damaged");
    // The ten bytes of gzip's head hold a time and a system, which nothing depends on.
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const copy = Buffer.from(bytes);
          copy[at] = (copy[at] ?? 0) ^ by;
          await writeFile(damaged, copy);
          await expect(linesOf(damaged)).rejects.toThrow(ArchiveError);
          await writeFile(damaged, bytes.subarray(0, at));
          await expect(linesOf(damaged)).rejects.toThrow(ArchiveError);
        },
      ),
    );
  });

  test.each([
    ["without a line", (lines: string[]) => [lines[0], lines[2]], "it states 2 lines, and has 1"],
    ["with a line altered", (lines: string[]) => [lines[0], "{}", lines[2]], "their SHA-256 differs"],
    ["without its end", (lines: string[]) => lines.slice(0, 2), "its last line is missing"],
    ["with more after its end", (lines: string[]) => [...lines, "{}"], "it goes on after its last line"],
  ])("%s is refused although it decompresses", async (_what, alter, message) => {
    const folder = await newFolder();
    const { path } = await write(folder, [1, 2]);
    const lines = gunzipSync(await readFile(path))
      .toString("utf8")
      .trimEnd()
      .split("\n");
    await writeFile(path, gzipSync(`${alter(lines).join("\n")}\n`));
    await expect(linesOf(path)).rejects.toThrow(message);
  });
});

describe("the name of a file", () => {
  const [first, last] = [new Date("2024-01-31T23:59:59.999Z"), new Date("2024-02-01T00:00:00.000Z")];

  test("says what is in it, from when to when", () => {
    const name = fileName(["cancellations", "SIM-KR"], first, last);
    expect(name).toBe("cancellations-SIM-KR-20240131T235959Z-20240201T000000Z");
  });

  test("is a name in one folder, whatever the store is called, and another for another store", () => {
    const storeId = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("../../etc", "a/b", ".", "KR 01", "한국"),
    );
    fc.assert(
      fc.property(storeId, storeId, (one, other) => {
        const [name, another] = [one, other].map((id) => fileName(["cancellations", id], first, last));
        expect(name).toMatch(/^cancellations-[A-Za-z0-9_-]{0,60}-20240131T235959Z-20240201T000000Z$/u);
        expect(name === another).toBe(one === other);
      }),
    );
  });
});

test("rows are taken together as far as the bounds allow, none is lost, and their order stays", () => {
  const weight = fc.record({ events: fc.nat(10), bytes: fc.nat(100) });
  const bounds = fc.record({ rows: fc.integer({ min: 1, max: 5 }), events: fc.nat(20), bytes: fc.nat(200) });
  fc.assert(
    fc.property(fc.array(weight, { maxLength: 30 }), bounds, (rows, most) => {
      const groups = [...portions(rows, most, (row) => row)];
      expect(groups.flat()).toEqual(rows);
      for (const group of groups) {
        const sum = (what: "events" | "bytes"): number => group.reduce((total, row) => total + row[what], 0);
        if (group.length === 1) continue;
        expect(group.length).toBeLessThanOrEqual(most.rows);
        expect(sum("events")).toBeLessThanOrEqual(most.events);
        expect(sum("bytes")).toBeLessThanOrEqual(most.bytes);
      }
    }),
  );
});
