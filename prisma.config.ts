import { defineConfig } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // `prisma generate` and `validate` need no database; `migrate deploy` and `status` take it from the environment.
  datasource: { url: process.env["DATABASE_URL"] ?? "" },
});
