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
