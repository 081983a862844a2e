// Asks the registry for known vulnerabilities of what the service runs with. Exit code 1: there is one that nobody has explained.
import { spawnSync } from "node:child_process";

/** Advisories looked at and found not to matter here: their address, and why. SECURITY.md lists the same. */
const EXPLAINED = new Map([]);

const { stdout } = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8" });
const report = parsed(stdout);
if (report?.vulnerabilities === undefined) {
  const why = report?.message ?? report?.error?.summary ?? "no answer";
  console.log(`not audited: the registry does not answer that (${why})`);
} else {
  const advisories = Object.values(report.vulnerabilities)
    .flatMap(({ via }) => via)
    .filter((via) => typeof via === "object");
  const unexplained = advisories.filter(({ url }) => !EXPLAINED.has(url));
  for (const { name, severity, title, url } of unexplained)
    console.log(`${severity} ${name}: ${title} (${url})`);
  console.log(`audited: ${advisories.length} advisories, ${unexplained.length} unexplained`);
  if (unexplained.length > 0) process.exitCode = 1;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
