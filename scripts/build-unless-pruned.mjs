import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

// `npm prune --omit=dev` takes away what builds. What was built before that is what runs then.
if (existsSync("node_modules/esbuild")) {
  process.exitCode = spawnSync("npm run --silent build", { shell: true, stdio: "inherit" }).status ?? 1;
}
