// Lets Node run the TypeScript sources as they are: `node --import ./scripts/register-typescript.mjs src/main.ts`.
// For scripts and tests; the service itself runs compiled.
import module from "node:module";
import { load, resolveSync } from "./typescript-hooks.mjs";

// Node 20 has only `register`, which Node 26 warns of (DEP0205).
if (module.registerHooks === undefined) module.register("./typescript-hooks.mjs", import.meta.url);
else module.registerHooks({ resolve: resolveSync, load });
