import { cpus, totalmem } from "node:os";
import pg from "pg";

/** A connection whose end is told to whoever uses it next: unheard, it would end this process and leave its files. */
export async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Whoever waits for an answer when it is interrupted waits no longer. */
export async function withConnection(url, work, interrupted) {
  const client = await connect(url);
  const cut = () => client.connection.stream.destroy();
  interrupted?.addEventListener("abort", cut);
  try {
    return await work(client);
  } finally {
    interrupted?.removeEventListener("abort", cut);
    await client.end();
  }
}

/** The same server, another database. */
export function databaseAt(url, name) {
  const result = new URL(url);
  result.pathname = `/${name}`;
  return result.href;
}

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
