import { pipe, startRelay, type Relay } from "./relay.js";

/** What went over one connection to PostgreSQL. */
export interface WireConnection {
  /** All that was asked. */
  readonly asked: string;
  /** The text of each statement that was executed, as often as it was. */
  readonly executed: readonly string[];
  /** The first row that came back with this column. */
  readonly rowWith: (column: string) => Readonly<Record<string, string | null>> | undefined;
}

export interface Wire extends Relay {
  connections(): WireConnection[];
}

/** A way to PostgreSQL that keeps what is said on it, in both directions. */
export async function startWire(databaseUrl: string): Promise<Wire> {
  const spoken: { readonly asked: Buffer[]; readonly answered: Buffer[] }[] = [];
  const relay = await startRelay(databaseUrl, (pair) => {
    const said = { asked: [] as Buffer[], answered: [] as Buffer[] };
    spoken.push(said);
    pair.client.on("data", (bytes) => said.asked.push(bytes));
    pair.server.on("data", (bytes) => said.answered.push(bytes));
    pipe(pair);
  });
  return {
    ...relay,
    connections: () =>
      spoken.map(({ asked, answered }) => ({
        asked: Buffer.concat(asked).toString("latin1"),
        executed: executedIn(Buffer.concat(asked)),
        rowWith: (column) => rowIn(Buffer.concat(answered), column),
      })),
  };
}

/** Parse names a statement, Bind runs it: once it is named, its text does not come again. */
function executedIn(bytes: Buffer): string[] {
  const texts = new Map<string, string>();
  const executed: string[] = [];
  const textAt = (at: number): string => bytes.toString("utf8", at, bytes.indexOf(0, at));
  // The first message has a length and no letter.
  for (let at = bytes.readInt32BE(0); at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    const type = String.fromCharCode(bytes.readUInt8(at));
    const name = textAt(at + 5);
    const next = at + 5 + Buffer.byteLength(name) + 1;
    if (type === "P") texts.set(name, textAt(next));
    if (type === "B") executed.push(texts.get(textAt(next)) ?? "");
    if (type === "Q") executed.push(name);
  }
  return executed;
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
