// Preloaded into a process: kills it before or after it gives a file another name for the nth time.
//   KILL_AT_RENAME=<before or after>:<n>
import { syncBuiltinESMExports } from "node:module";
import promises from "node:fs/promises";

const [when, nth] = (process.env.KILL_AT_RENAME ?? "").split(":");
const { rename } = promises;
let count = 0;

promises.rename = async (...names) => {
  count += 1;
  const strikes = count === Number(nth);
  if (strikes && when === "before") process.kill(process.pid, "SIGKILL");
  await rename(...names);
  if (strikes) process.kill(process.pid, "SIGKILL");
};
syncBuiltinESMExports();
