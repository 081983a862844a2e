// PostGraphile over the service's tables, as its documentation has it for production.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { serveNode } from "../serve.mjs";

const POOL_SIZE = 10;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });
pool.on("error", (error) => console.error(error));

const middleware = postgraphile(pool, "public", {
  watchPg: false,
  subscriptions: false,
  dynamicJson: true,
  setofFunctionsContainNulls: false,
  ignoreRBAC: false,
  legacyRelations: "omit",
  graphiql: false,
  disableQueryLog: true,
  disableDefaultMutations: true,
});
// The schema is made of the tables before the first question, not with it.
await middleware.getGraphQLSchema();

serveNode(createServer(middleware), async () => {
  await middleware.release?.();
  if (!pool.ended) await pool.end();
});
