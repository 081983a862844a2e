/** An answer of the exports: loosely typed on purpose, as a test says what it expects of it. */
interface ExportAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Far more than it takes until what has been sent is also closed. */
const MOST_TRIES = 1_000;

/** Of one service, by one caller. The place of an export before may not be free yet: then it comes again. */
export async function download(
  url: string,
  file: "csv" | "ndjson",
  query: Readonly<Record<string, string | number | readonly string[] | undefined>> = {},
  headers: Record<string, string> = {},
): Promise<ExportAnswer> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const address = `${url}/exports/cancellations.${file}?${parameters.toString()}`;
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(address, { headers });
    const text = await answer.text();
    if (answer.status !== 429) return { status: answer.status, headers: answer.headers, text };
    if (tries === MOST_TRIES) throw new Error(`no export within ${MOST_TRIES} tries: ${text}`);
  }
}

export function linesOf({ text }: ExportAnswer): any[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Lets all that is there be older than the moment up to which the history is complete. */
export async function letHistoryBeComplete(service: { sql(text: string): Promise<unknown> }): Promise<void> {
  const earlier = (column: string): string => `${column} = ${column} - interval '1 minute'`;
  await service.sql(`UPDATE cancellation_item SET ${earlier("created_at")}`);
  await service.sql(`UPDATE cancellation SET ${earlier("created_at")}, ${earlier("resolved_at")}`);
}
