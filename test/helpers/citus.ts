import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { applyMigrations } from "../../src/persistence/migrations.js";
import { databaseUrl, withConnection } from "./connection.js";
import type { TestDatabase } from "./database.js";

const PRISMA = new URL("../../prisma/", import.meta.url);

interface Node {
  readonly host: string;
  readonly port: number;
}

/**
 * A database of one's own on a Citus cluster, migrated and distributed as docs/scaling.md says.
 * @param coordinator names the cluster by any database on its coordinator that has the extension and knows the workers.
 */
export async function createCitusDatabase(coordinator: string, name: string): Promise<TestDatabase> {
  const workers = await withConnection(coordinator, (client) =>
    client.query<Node>(
      "SELECT nodename AS host, nodeport AS port FROM pg_dist_node WHERE groupid > 0 AND isactive AND noderole = 'primary'",
    ),
  );
  const { hostname, port } = new URL(coordinator);
  const nodes = [{ host: hostname, port: Number(port) }, ...workers.rows];
  const on = ({ host, port: of }: Node, database: string): string => {
    const url = new URL(databaseUrl(coordinator, database));
    url.host = `${host}:${of}`;
    return url.href;
  };
  const url = databaseUrl(coordinator, name);
  const drop = async (): Promise<void> => {
    for (const node of nodes)
      await withConnection(on(node, "postgres"), (client) =>
        client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
      );
  };
  for (const node of nodes) {
    await withConnection(on(node, "postgres"), (client) =>
      client.query(`CREATE DATABASE ${name} TEMPLATE template0`),
    );
    await withConnection(on(node, name), (client) => client.query("CREATE EXTENSION citus"));
  }
  await withConnection(url, async (client) => {
    const [own, ...others] = nodes;
    await client.query("SELECT citus_set_coordinator_host($1, $2)", [own?.host, own?.port]);
    for (const { host, port: of } of others) await client.query("SELECT citus_add_node($1, $2)", [host, of]);
  });
  await applyMigrations({
    url,
    directory: fileURLToPath(new URL("migrations", PRISMA)),
    log: () => undefined,
  });
  const distribute = await readFile(new URL("citus.sql", PRISMA), "utf8");
  await withConnection(url, async (client) => {
    // Each shard is a table with its indexes: a few show as much as the usual 32.
    await client.query("SET citus.shard_count = 4");
    // One by one, as psql does: Citus refuses several in one query.
    for (const statement of distribute.split(";\n")) await client.query(statement);
  });
  return { url, drop };
}
