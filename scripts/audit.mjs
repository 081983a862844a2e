/**
 * Asks the registry for known vulnerabilities of what the service runs with. The last line says what came of it. Exit code 1: there
 * is one that nobody has explained, or the registry gave no answer. A registry without audits, as some mirrors are, is no failure.
 */
import { spawnSync } from "node:child_process";

/** Advisories looked at and found not to matter here: their address, and why. docs/threat-model.md lists the same. */
const EXPLAINED = new Map([]);

/** How a registry says that it has no such endpoint. */
const NO_SUCH_ENDPOINT = [404, 405, 501];
/** A registry answers within seconds. npm by itself waits five minutes. */
const FETCH_TIMEOUT_MS = 60_000;
/** An advisory has about 1 kB, and every package can have several. */
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

const { stdout, error } = spawnSync("npm", ["audit", "--omit=dev", "--json", "--offline=false"], {
  encoding: "utf8",
  env: { npm_config_fetch_timeout: String(FETCH_TIMEOUT_MS), ...process.env },
  maxBuffer: MAX_REPORT_BYTES,
});
const report = parsed(stdout);
if (report?.metadata?.dependencies !== undefined) tellAudited(report);
else tellNotAudited();

function tellAudited({ vulnerabilities, metadata }) {
  const found = Object.values(vulnerabilities)
    .flatMap(({ via }) => via)
    .filter((via) => typeof via === "object");
  const unexplained = found.filter(({ url }) => !EXPLAINED.has(url));
  for (const { name, severity, title, url } of unexplained)
    console.log(`${severity} ${name}: ${title} (${url})`);
  const packages = metadata.dependencies.total - metadata.dependencies.dev;
  const known = found.length === 0 ? "no" : String(found.length);
  const counted = `${known} known ${found.length === 1 ? "vulnerability" : "vulnerabilities"}`;
  console.log(
    `audited: ${packages} packages, ${counted}${found.length > 0 ? `, ${unexplained.length} unexplained` : ""}`,
  );
  if (unexplained.length > 0) process.exitCode = 1;
}

function tellNotAudited() {
  const status = report?.statusCode;
  if (NO_SUCH_ENDPOINT.includes(status)) {
    console.log(`not audited: the registry has no audit endpoint (${status})`);
    return;
  }
  console.log(`not audited: ${whyNot(status)}. \`npm audit\` says more.`);
  process.exitCode = 1;
}

/** In no words of npm's: they have the registry's address in them, which may be an internal one. */
function whyNot(status) {
  if (error !== undefined) return `npm could not be run (${error.code})`;
  if (typeof status === "number" && status >= 300) return `the registry answered with HTTP status ${status}`;
  const code = /\bE[A-Z]{4,}\b/u.exec(report?.message ?? report?.error?.code ?? "")?.[0];
  return code === undefined
    ? "the registry gave no answer that npm can read"
    : `the registry gave no answer (${code})`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
