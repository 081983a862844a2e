import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "@swc/core";

const options = JSON.parse(await readFile(new URL("../.swcrc.json", import.meta.url), "utf8"));

/** A `.js` that is not there is the `.ts` it will be compiled from. */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    const relative = specifier.startsWith(".") || specifier.startsWith("file:");
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !relative || !specifier.endsWith(".js")) throw error;
    return next(`${specifier.slice(0, -".js".length)}.ts`, context);
  }
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, "utf8"), { ...options, filename, swcrc: false });
  return { format: "module", source: code, shortCircuit: true };
}
