import { once } from "node:events";
import { finished } from "node:stream/promises";
import { from } from "pg-copy-streams";
import { connect } from "./connection.mjs";

/** Large enough that few messages are sent, small enough that they are sent all the time. */
const CHUNK_CHARACTERS = 256 * 1_024;

/** Rows into an empty table, over a connection of its own; none of them is there before `end`. */
export async function openCopy(url, { name, columns }) {
  const client = await connect(url);
  const values = Object.values(columns);
  let text = "";
  let rows = 0;
  // Emptied in the same transaction, so that nobody has to look at its rows again to see whether they are there: they are frozen.
  await client.query(`BEGIN; TRUNCATE ${name}`);
  const stream = client.query(from(`COPY ${name} (${Object.keys(columns).join(", ")}) FROM STDIN (FREEZE)`));
  const done = finished(stream);
  // Told to whoever writes next, or ends.
  done.catch(() => undefined);

  async function flush() {
    const isTaken = stream.write(text);
    text = "";
    if (!isTaken) await Promise.race([once(stream, "drain"), done]);
  }

  return {
    name,
    write(row) {
      let line = "";
      for (const value of values) line += `${line === "" ? "" : "\t"}${value(row) ?? "\\N"}`;
      text += `${line}\n`;
      rows += 1;
    },
    /** Awaited now and then, so that no more is kept than PostgreSQL takes. */
    flow: async () => {
      if (text.length >= CHUNK_CHARACTERS) await flush();
    },
    async end() {
      await flush();
      stream.end();
      await done;
      await client.query("COMMIT");
      await client.end();
      return rows;
    },
    abandon: () => client.end().catch(() => undefined),
  };
}
