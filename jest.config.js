import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";

const swc = JSON.parse(readFileSync(new URL(".swcrc.json", import.meta.url), "utf8"));

/**
 * Run with: node --experimental-vm-modules node_modules/jest/bin/jest.js
 * `npm test` adds --liftoff-only and --no-opt: optimising WebAssembly and JavaScript costs each test file more than it gains.
 */
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", { ...swc, swcrc: false }] },
  extensionsToTreatAsEsm: [".ts"],
  // The sources import each other by the names they will have once compiled.
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": ["$1.ts", "$1.js"] },
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  // They kill and stop whole services: `npm run test:faults` runs them, in the size that FAULTS says.
  testPathIgnorePatterns: process.env.FAULTS === undefined ? ["<rootDir>/test/faults/"] : [],
  globalSetup: "<rootDir>/test/helpers/global-setup.js",
  globalTeardown: "<rootDir>/test/helpers/global-teardown.js",
  reporters: ["default", "<rootDir>/test/helpers/total-reporter.js"],
  workerThreads: false,
  // Two even on two cores: the tests wait for PostgreSQL more than they compute. On larger machines, leave it its half.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  // Only what hangs reaches it, also on a machine that has much else to do.
  testTimeout: 300_000,
};
