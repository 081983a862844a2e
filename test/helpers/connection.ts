import pg from "pg";

/** The same server, another database. */
export function databaseUrl(url: string, database: string): string {
  const result = new URL(url);
  result.pathname = `/${database}`;
  return result.href;
}

export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const schema = new URL(url).searchParams.get("schema");
  const client = new pg.Client({
    connectionString: url,
    ...(schema === null
      ? {}
      : { options: `-c search_path=${pg.escapeIdentifier(schema).replaceAll(" ", "\\ ")}` }),
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Ends the sessions that are still in it: a test that failed may not have closed its own. */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}
