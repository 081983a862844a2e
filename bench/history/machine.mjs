import { cpus, totalmem } from "node:os";
import { withConnection } from "./connection.mjs";

/** What the figures come from. */
export async function describeMachine(databaseUrl) {
  const [{ model }] = cpus();
  const [{ postgres, bytes }] = await withConnection(databaseUrl, async (client) => {
    const { rows } = await client.query(
      "SELECT current_setting('server_version') AS postgres, pg_database_size(current_database()) AS bytes",
    );
    return rows;
  });
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    postgres,
    databaseMB: Math.round(Number(bytes) / 1e6),
  };
}
