import { endsReadyForQuery, startRelay, type Relay } from "./relay.js";

/** FATAL 57P01: what PostgreSQL says to a session that it ends, as in a restart. */
const TERMINATED = errorResponse({
  S: "FATAL",
  V: "FATAL",
  C: "57P01",
  M: "terminating connection due to administrator command",
});

/**
 * Passes everything on, and ends each connection with the `nth` answer on it: PostgreSQL's last words come in one piece with that answer, as they
 * do to a process that was stopped while both came.
 */
export function startLastWords(databaseUrl: string, nth: number): Promise<Relay> {
  return startRelay(databaseUrl, ({ client, server }) => {
    let answers = 0;
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => {
      if (endsReadyForQuery(bytes)) answers += 1;
      if (answers === nth) client.end(Buffer.concat([bytes, TERMINATED]));
      else if (answers < nth) client.write(bytes);
    });
  });
}

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    Object.entries(fields)
      .map(([field, text]) => `${field}${text}\0`)
      .join("") + "\0",
  );
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
