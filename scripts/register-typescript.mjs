// Lets Node run the TypeScript sources as they are: `node --import ./scripts/register-typescript.mjs src/main.ts`.
// For scripts and tests; the service itself runs compiled.
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
