/** An answer of the exports: loosely typed on purpose, as a test says what it expects of it. */
export interface ExportAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

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
  for (;;) {
    const answer = await fetch(address, { headers });
    const text = await answer.text();
    if (answer.status !== 429) return { status: answer.status, headers: answer.headers, text };
  }
}

export function linesOf({ text }: ExportAnswer): any[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
