import pg from "pg";

/** A connection whose end is told to whoever uses it next: unheard, it would end this process and leave its files. */
export async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

export async function withConnection(url, work) {
  const client = await connect(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function databaseAt(url, name) {
  const result = new URL(url);
  result.pathname = `/${name}`;
  return result.href;
}
