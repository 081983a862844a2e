import { defineConfig } from "prisma/config";
import { Settings } from "./src/config/settings.js";

const settings = new Settings(process.env);
// `prisma generate` and `validate` need no database; `migrate deploy` and `status` take it from DATABASE_URL or DATABASE_URL_FILE.
const url = settings.value("DATABASE_URL") ?? "";
settings.throwFaults();

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url },
});
