// Runs the tests of what is stored on the Citus cluster at CITUS_URL. Each file makes a database of its own there (docs/scaling.md).
import { spawnSync } from "node:child_process";
import process from "node:process";

const FILES = [
  ..."ledger batches record-outcome late-results recovery-queue webhook-inbox webhook-repeats events-beside-lookups"
    .split(" ")
    .map((name) => `test/persistence/${name}.test.ts`),
  ..."pages horizon stats order-sums export-cursor"
    .split(" ")
    .map((name) => `test/persistence/history/${name}.test.ts`),
  "test/persistence/changes.test.ts",
  "test/e2e/cancel-payment.test.ts",
];

if ((process.env.CITUS_URL ?? "") === "") {
  process.stdout.write("The tests on Citus were skipped: CITUS_URL is not set.\n");
} else {
  const run = (program, args) => spawnSync(program, args, { stdio: "inherit" }).status ?? 1;
  const options = [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    "node_modules/jest/bin/jest.js",
  ];
  process.exitCode =
    run("npm", ["run", "--silent", "build"]) || run(process.execPath, [...options, ...FILES]);
}
