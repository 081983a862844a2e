import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Record<string, Locked>;
}

const text = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const manifest = JSON.parse(text("package.json")) as Manifest;
const lockfile = JSON.parse(text("package-lock.json")) as Lockfile;
const locked = Object.entries(lockfile.packages).filter(([path]) => path !== "");

/** Every direct dependency brings others along; past this somebody has to look at what has come in. */
const MOST_RUNTIME_PACKAGES = 260;

test("what is installed is what was locked: every package with its version and its digest", () => {
  expect(locked.length).toBeGreaterThan(100);
  const incomplete = locked.filter(
    ([, { version, integrity, link }]) =>
      link === true || version === undefined || integrity?.startsWith("sha512-") !== true,
  );
  expect(incomplete.map(([path]) => path)).toEqual([]);
});

test("every direct dependency is pinned, and locked at that version", () => {
  const direct = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(direct)) {
    expect([name, version]).toEqual([name, lockfile.packages[`node_modules/${name}`]?.version]);
  }
});

test("no package runs a script of its own when it is installed", () => {
  expect(text(".npmrc")).toMatch(/^ignore-scripts=true$/mu);
});

test("each dependency of the running service has its reason in docs/threat-model.md, and each reason its dependency", () => {
  const [, section = ""] = text("docs/threat-model.md").split(/^## Dependencies$/mu);
  const named = [...section.matchAll(/^\| `([^`]+)`/gmu)].map(([, name]) => name);
  const direct = { ...manifest.dependencies, ...manifest.optionalDependencies };
  expect(new Set(named)).toEqual(new Set(Object.keys(direct)));
});

test("few packages come along with them", () => {
  const running = locked.filter(([, { dev, optional, devOptional }]) => !(dev ?? optional ?? devOptional));
  expect(running.length).toBeLessThanOrEqual(MOST_RUNTIME_PACKAGES);
});
