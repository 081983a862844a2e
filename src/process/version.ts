import { readFileSync } from "node:fs";

/** The version of this service, as package.json has it. The build puts a copy beside the built program. */
export function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
