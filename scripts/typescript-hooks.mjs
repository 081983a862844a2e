import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";

const options = JSON.parse(readFileSync(new URL("../.swcrc.json", import.meta.url), "utf8"));

/** For `registerHooks`: in the thread of the program, and synchronous. */
export function resolveSync(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    return next(sourceOf(specifier, error), context);
  }
}

/** For `register`, of Node 20. */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    return next(sourceOf(specifier, error), context);
  }
}

/** For both. */
export function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = transformSync(readFileSync(filename, "utf8"), { ...options, filename, swcrc: false });
  return { format: "module", source: code, shortCircuit: true };
}

/** A `.js` that is not there is the `.ts` it will be compiled from. */
function sourceOf(specifier, error) {
  const relative = specifier.startsWith(".") || specifier.startsWith("file:");
  if (error.code !== "ERR_MODULE_NOT_FOUND" || !relative || !specifier.endsWith(".js")) throw error;
  return `${specifier.slice(0, -".js".length)}.ts`;
}
