import { connect, createServer, type AddressInfo } from "node:net";

export interface LastWords {
  /** The same database, through here. */
  readonly url: string;
  close(): Promise<void>;
}

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
export async function startLastWords(databaseUrl: string, nth: number): Promise<LastWords> {
  const { port, hostname } = new URL(databaseUrl);
  const server = createServer((client) => {
    const upstream = connect(Number(port || "5432"), hostname);
    let answers = 0;
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => undefined).on("close", () => other.destroy());
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (endsReadyForQuery(bytes)) answers += 1;
      if (answers === nth) client.end(Buffer.concat([bytes, TERMINATED]));
      else if (answers < nth) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: url.href, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The last message of an answer: Z, a length of 5, the state of the transaction. */
function endsReadyForQuery(bytes: Buffer): boolean {
  const last = bytes.subarray(-6);
  return last.length === 6 && last[0] === 0x5a && last.readUInt32BE(1) === 5;
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
