import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What went over one connection to PostgreSQL. */
export interface WireConnection {
  /** All that was asked. */
  readonly asked: string;
  /** The first row that came back with this column. */
  readonly rowWith: (column: string) => Readonly<Record<string, string | null>> | undefined;
}

export interface Wire {
  readonly url: string;
  connections(): WireConnection[];
  close(): Promise<void>;
}

/** A way to PostgreSQL that keeps what is said on it, in both directions. */
export async function startWire(databaseUrl: string): Promise<Wire> {
  const { hostname, port } = new URL(databaseUrl);
  const spoken: { readonly asked: Buffer[]; readonly answered: Buffer[] }[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(Number(port || "5432"), hostname);
    const said = { asked: [] as Buffer[], answered: [] as Buffer[] };
    spoken.push(said);
    client.on("data", (bytes) => said.asked.push(bytes));
    server.on("data", (bytes) => said.answered.push(bytes));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    url: url.href,
    connections: () =>
      spoken.map(({ asked, answered }) => ({
        asked: Buffer.concat(asked).toString("latin1"),
        rowWith: (column) => rowIn(Buffer.concat(answered), column),
      })),
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** By PostgreSQL's protocol: messages of a letter, a length that counts itself, and what they say. */
function rowIn(bytes: Buffer, column: string): Record<string, string | null> | undefined {
  let columns: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    const type = String.fromCharCode(bytes.readUInt8(at));
    if (type === "T") columns = columnsIn(bytes, at + 5);
    if (type === "D" && columns.includes(column)) return valuesIn(bytes, at + 7, columns);
  }
  return undefined;
}

function columnsIn(bytes: Buffer, start: number): string[] {
  let at = start + 2;
  return Array.from({ length: bytes.readInt16BE(start) }, () => {
    const end = bytes.indexOf(0, at);
    const name = bytes.toString("utf8", at, end);
    at = end + 1 + 18;
    return name;
  });
}

function valuesIn(bytes: Buffer, start: number, columns: readonly string[]): Record<string, string | null> {
  let at = start;
  return Object.fromEntries(
    columns.map((name) => {
      const length = bytes.readInt32BE(at);
      const value = length < 0 ? null : bytes.toString("utf8", at + 4, at + 4 + length);
      at += 4 + Math.max(0, length);
      return [name, value];
    }),
  );
}
