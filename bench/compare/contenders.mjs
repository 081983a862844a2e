import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SUBJECT } from "./our-service.mjs";
import { startProgram } from "./program.mjs";

const LIST = fileURLToPath(new URL("contenders/index.mjs", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SAYS = /listening on (http:\/\/\S+)/u;

/**
 * The contenders of `kind` (CANCELLING or READING), of those asked for, each with how another process finds it; and in words which are
 * left out, and why. Their libraries are not the service's: they are installed beside them, by hand or when asked to.
 */
export async function findContenders(kind, { list = LIST, only, install }) {
  const module = pathToFileURL(list).href;
  const wanted = (await importList(list))[kind]?.filter(
    ({ name }) => only.length === 0 || only.includes(name),
  );
  const contenders = [];
  const missing = new Map();
  for (const contender of wanted ?? []) {
    const folder = folderOf(programOf(contender));
    if (install && !isInstalled(folder)) installIn(folder);
    if (isInstalled(folder))
      contenders.push({ ...contender, reference: { module, list: kind, name: contender.name } });
    else missing.set(folder, [...(missing.get(folder) ?? []), contender.name]);
  }
  const notes = [...missing].map(
    ([folder, names]) =>
      `Left out, because their libraries are not installed: ${names.join(", ")}. Run \`npm ci --prefix ${relative(process.cwd(), folder)}\`, or pass --install.`,
  );
  return { contenders, notes };
}

/** All that can be asked for by name. */
export async function namesOfContenders({ list = LIST }) {
  const { CANCELLING = [], READING = [] } = await importList(list);
  return [...new Set([...CANCELLING, ...READING].map(({ name }) => name))];
}

async function importList(list) {
  if (!existsSync(list)) throw new Error(`there is no list of contenders at ${list}`);
  return import(pathToFileURL(list).href);
}

export function startContender({ upstream, interrupted }, contender, databaseUrl) {
  const program = programOf(contender);
  return startProgram(
    {
      name: contender.name,
      args: [program],
      cwd: dirname(program),
      env: {
        NODE_ENV: "production",
        PORT: "0",
        UPSTREAM_URL: upstream.url,
        REQUESTED_BY: SUBJECT,
        ...(databaseUrl !== null && { DATABASE_URL: databaseUrl }),
      },
      says: SAYS,
    },
    interrupted,
  );
}

function programOf({ program }) {
  return program instanceof URL || program.startsWith("file:") ? fileURLToPath(program) : program;
}

/** Null: it has no libraries of its own. */
function folderOf(program) {
  for (let folder = dirname(program); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, "package.json"))) return folder;
  return null;
}

function isInstalled(folder) {
  if (folder === null) return true;
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.keys(dependencies).every((name) =>
    existsSync(join(folder, "node_modules", name, "package.json")),
  );
}

function installIn(folder) {
  console.error(`installing ${relative(ROOT, folder)}`);
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error(`npm ci in ${relative(ROOT, folder)} ended with ${status}`);
}
