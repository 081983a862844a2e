import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { readArchive } from "../../src/persistence/retention/read-archive.js";

/** Columns that are emptied when a cancellation is archived, and what is left in them. */
export const EMPTIED = {
  note: null,
  bank_code: null,
  account_last_four: null,
  account_holder_masked: null,
  refund_account_sealed: null,
  refund_account_key_id: null,
  failure_details: [],
};

export interface Dump {
  readonly cancellation: readonly any[];
  readonly cancellation_item: readonly any[];
  readonly cancellation_event: readonly any[];
  readonly cancelled_order: readonly any[];
  readonly webhook_event: readonly any[];
}

type Sql = (text: string) => Promise<any[]>;

/** Everything that there is, as `pg` reads it. */
export async function dump(sql: Sql): Promise<Dump> {
  return {
    cancellation: await sql("SELECT * FROM cancellation ORDER BY id"),
    cancellation_item: await sql("SELECT * FROM cancellation_item ORDER BY cancellation_id, seq"),
    cancellation_event: await sql("SELECT * FROM cancellation_event ORDER BY cancellation_id, number"),
    cancelled_order: await sql("SELECT * FROM cancelled_order ORDER BY store_id, order_no"),
    webhook_event: await sql("SELECT * FROM webhook_event ORDER BY digest"),
  };
}

export function eventsOf(all: Dump, id: string): any[] {
  return all.cancellation_event.filter((event) => event.cancellation_id === id);
}

export function itemsOf(all: Dump, id: string): any[] {
  return all.cancellation_item.filter((item) => item.cancellation_id === id);
}

/** A folder of its own for each test, gone after it. */
export function useFolders(): () => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "retention-test-"));
    made.push(folder);
    return folder;
  };
}

/** What finished files of a folder have, line by line. */
export async function linesIn(folder: string): Promise<any[]> {
  const lines: any[] = [];
  for (const name of await filesIn(folder)) await readArchive(join(folder, name), (line) => lines.push(line));
  return lines;
}

export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".ndjson.gz")).sort();
}

/** Lines of one cancellation put together: its row, its items, and the events of all of them. */
export function archivedById(lines: readonly any[]): Map<string, { row: any; items: any[]; events: any[] }> {
  const byId = new Map<string, { row: any; items: any[]; events: any[] }>();
  for (const { cancellation: row, items, events } of lines) {
    if (row === undefined) continue;
    const known = byId.get(row.id);
    if (known === undefined) byId.set(row.id, { row, items, events: [...events] });
    else known.events.push(...events);
  }
  return byId;
}

/** That a row in a file says all that the database said: each column, amounts to the last digit, bytes in base64. */
export function expectSameRow(archived: Record<string, any> = {}, row: Record<string, any> = {}): void {
  expect(Object.keys(archived).sort()).toEqual(Object.keys(row).sort());
  for (const [column, value] of Object.entries(row)) {
    const found = archived[column];
    if (value instanceof Date)
      expect([column, new Date(found).toISOString()]).toEqual([column, value.toISOString()]);
    else if (Buffer.isBuffer(value)) expect([column, found]).toEqual([column, value.toString("base64")]);
    else expect([column, found]).toEqual([column, value]);
  }
}
