// Generates Prisma's client. It needs no engine, but Prisma's CLI would download its schema engine first, which fails where
// only a package registry is reachable: any existing file in its place keeps the CLI from trying.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../node_modules/prisma/build/index.js", import.meta.url));
const environment = {
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: "true",
  ...process.env,
};
const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  env: environment,
  encoding: "utf8",
});
// Said only when it went wrong: it runs before every start and test.
if (status !== 0) process.stderr.write(`${stdout}${stderr}`);
process.exitCode = status ?? 1;
