import { randomUUID } from "node:crypto";
import { withConnection } from "./connection.js";
import { createEmptyDatabase } from "./database.js";

export interface OwnRole {
  readonly name: string;
  /** Leads to an empty database, as this role. */
  readonly url: string;
  /** As the administrator. */
  sql(text: string): Promise<any[]>;
  drop(): Promise<void>;
}

/** A role that is no superuser, and an empty database that is its own. */
export async function createOwnRole(): Promise<OwnRole> {
  const database = await createEmptyDatabase();
  const name = `ebp_test_${randomUUID().replaceAll("-", "")}`;
  const own = new URL(database.url);
  const sql: OwnRole["sql"] = (text) =>
    withConnection(database.url, async (client) => (await client.query<object>(text)).rows);
  await sql(`
    CREATE ROLE ${name} LOGIN PASSWORD '${name}';
    ALTER DATABASE ${own.pathname.slice(1)} OWNER TO ${name}`);
  own.username = name;
  own.password = name;
  return {
    name,
    url: own.href,
    sql,
    async drop() {
      await database.drop();
      await withConnection(process.env["TEST_SERVER_URL"] ?? "", (client) =>
        client.query(`DROP ROLE ${name}`),
      );
    },
  };
}
