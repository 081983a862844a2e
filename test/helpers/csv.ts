/**
 * Reads a CSV by RFC 4180, and outside quotes takes a line break of any kind for the end of a row, as spreadsheets do. Shares nothing
 * with what writes it. Throws where the RFC is not followed.
 */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n)/uy;
  for (let row: string[] = []; cell.lastIndex < text.length;) {
    const at = cell.lastIndex;
    const [, quoted, plain = "", end] = cell.exec(text) ?? [];
    if (end === undefined) throw new Error(`reading a CSV: there is no cell at ${at}`);
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
