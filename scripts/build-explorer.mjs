// Bundles GraphiQL for the page that shows it (explorer/main.js) into dist/explorer, unless it is there already. Gzipped: the editor has
// 6 MB, and every browser takes it so.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "dist", "explorer");
const STAMP = join(FOLDER, ".made-from");
const MADE_FROM = ["package-lock.json", "explorer/main.js", "scripts/build-explorer.mjs"];

/** GraphiQL's stylesheet has the editor's in it. The editor also imports its own, once for each part. esbuild reads the pattern as Go does. */
const WITHOUT_SECOND_STYLES = {
  name: "without-second-styles",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]monaco-editor[\\/].*\.css$/ }, () => ({ contents: "" }));
  },
};

const hash = createHash("sha256");
for (const file of MADE_FROM) hash.update(readFileSync(join(ROOT, file)));
const madeFrom = hash.digest("hex");
if (readStamp() !== madeFrom) await bundle();

function readStamp() {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}

async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: {
      main: "explorer/main.js",
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    },
    outdir: FOLDER,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "inline",
    plugins: [WITHOUT_SECOND_STYLES],
    write: false,
  });
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const { path, contents } of outputFiles)
    writeFileSync(join(FOLDER, `${basename(path)}.gz`), gzipSync(contents));
  writeFileSync(STAMP, madeFrom);
}
