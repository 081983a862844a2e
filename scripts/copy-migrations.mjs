import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

// The built service applies migrations: dist holds all that it needs.
const source = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
const copy = fileURLToPath(new URL("../dist/prisma/migrations", import.meta.url));
rmSync(copy, { recursive: true, force: true });
cpSync(source, copy, { recursive: true });

// It says which version it is.
cpSync(
  fileURLToPath(new URL("../package.json", import.meta.url)),
  fileURLToPath(new URL("../dist/package.json", import.meta.url)),
);
