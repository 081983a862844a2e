import { expect } from "@jest/globals";
import { inWords, judge, type OracleOptions } from "./oracle.js";
import { say } from "./size.js";
import type { World } from "./world.js";

/** Once everything has settled: tells what the fault has led to, and fails when any promise was broken. */
export async function expectNoHarm(world: World, fault: string, options: OracleOptions = {}): Promise<void> {
  const findings = await judge(world, options);
  say(`${fault}: ${inWords(findings)}`);
  expect(findings.violations).toEqual([]);
}
