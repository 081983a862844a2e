// Prints how many files and lines each part of the repository has: `npm run size`, or `npm run size -- src/graphql` for one folder.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PARTS = ["src", "simulator", "test", "bench", "scripts", "explorer", "examples", "docs"];
const CODE = /\.(?:tsx?|mjs|js)$/u;
const PROSE = /\.md$/u;

const tracked = execFileSync("git", ["ls-files", "-z"], { encoding: "utf8" }).split("\0").filter(Boolean);
const [folder] = process.argv.slice(2);

if (folder === undefined) {
  print(
    PARTS.map((part) => measure(part, filesIn(part))),
    [measure("documents at the top", topDocuments())],
  );
} else {
  const files = filesIn(folder);
  const children = new Set(files.map((file) => file.slice(folder.length + 1).split("/")[0]));
  print(
    [...children].map((child) => measure(child, filesIn(`${folder}/${child}`))),
    [measure("together", files)],
  );
}

function filesIn(part) {
  const wanted = part === "docs" ? PROSE : CODE;
  return tracked.filter((file) => (file === part || file.startsWith(`${part}/`)) && wanted.test(file));
}

function topDocuments() {
  return tracked.filter((file) => !file.includes("/") && PROSE.test(file));
}

function measure(part, files) {
  const lines = files.map((file) => readFileSync(file, "utf8").split("\n").length - 1).sort((a, b) => a - b);
  return {
    part,
    files: files.length,
    lines: lines.reduce((sum, count) => sum + count, 0),
    median: lines[lines.length >> 1] ?? 0,
    longest: lines.at(-1) ?? 0,
  };
}

function print(...groups) {
  console.table(Object.fromEntries(groups.flat().map(({ part, ...figures }) => [part, figures])));
}
