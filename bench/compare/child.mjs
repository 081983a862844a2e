import { fork } from "node:child_process";
import { once } from "node:events";
import { cpuOf } from "./meters.mjs";

/** In a forked process: answers what its parent asks for, and ends with it. */
export function serveParent(handlers) {
  // Ctrl-C in a terminal reaches every process of it: the parent says when this one is not needed any more.
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", ({ id, what, details }) => {
    Promise.resolve()
      .then(() => handlers[what](details))
      .then(
        (result) => process.send({ id, result }),
        (error) => process.send({ id, error: error.message }),
      );
  });
}

/** A module of this project in a process of its own. `ask` rejects when it ends, or when everything is interrupted. */
export function forkChild(url, interrupted) {
  interrupted.throwIfAborted();
  const child = fork(url, { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [] });
  const ended = once(child, "exit");
  const waiting = new Map();
  let asked = 0;

  child.on("message", ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error));
  });
  const giveUp = (reason) => {
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  child.once("exit", () => giveUp(new Error(`${new URL(url).pathname.split("/").at(-1)} has ended`)));
  interrupted.addEventListener("abort", () => giveUp(interrupted.reason));

  return {
    ask(what, details) {
      interrupted.throwIfAborted();
      asked += 1;
      const id = asked;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        if (child.connected) child.send({ id, what, details });
        else reject(new Error(`${what}: the process has ended`));
      });
    },
    cpu: () => cpuOf(child.pid),
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
