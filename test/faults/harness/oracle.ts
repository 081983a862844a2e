import { expect } from "@jest/globals";
import type { Row } from "./rows.js";
import type { Request } from "./requests.js";
import { say } from "./size.js";
import type { World } from "./world.js";

export interface OracleOptions {
  /** How often money may move on one order in all; callers repeat what is safe to repeat, so once. */
  readonly effectsPerOrder?: number;
  /** Whether a proof against what was decided may have come; a rule of the table was then broken from outside. */
  readonly contradictions?: boolean;
  /** Whether the database forgot what callers were told: a log brings it back in doubt, and what contradicted it is lost. */
  readonly recovered?: boolean;
}

export interface Findings {
  readonly requests: number;
  readonly effects: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly unknown: number;
  /** Each in words; none when every promise was kept. */
  readonly violations: readonly string[];
}

/** What EBP saw of one request, against what the database says of it. */
interface Case {
  readonly request: Request;
  readonly row: Row | undefined;
  readonly sends: number;
  readonly effects: number;
}

/** Holds EBP's ledger, the database and what the callers were told against each other, once everything has settled. */
export async function judge(world: World, options: OracleOptions = {}): Promise<Findings> {
  const { ledger } = world.simulator;
  const orders = new Set(world.callers.requests.map(({ orderNo }) => orderNo));
  const isOurs = ({ orderNo }: { orderNo: string }): boolean => orders.has(orderNo);
  const rows = await world.database.rows([...orders]);
  const moved = ledger.effects().filter(isOurs);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const sends = tally(
    ledger
      .received()
      .filter((one) => orders.has(one.orderNo ?? ""))
      .map(({ body }) => itemIn(body)),
  );
  const effects = tally(moved.map(({ items }) => items[0]?.itemId));
  const cases = world.callers.requests.map((request) => ({
    request,
    row: byKey.get(request.key),
    sends: sends.get(request.itemId) ?? 0,
    effects: effects.get(request.itemId) ?? 0,
  }));
  const { effectsPerOrder = 1, contradictions = false, recovered = false } = options;
  const crowded = [...tally(moved.map(({ orderNo }) => orderNo))].filter(
    ([, count]) => count > effectsPerOrder,
  );
  const violations = [
    ...cases.flatMap((one) => caseViolations(one).map((words) => `${words}: ${shown(one)}`)),
    ...world.callers.told.flatMap((told) => {
      const row = byKey.get(told.key);
      const words =
        (recovered && row?.status === "UNKNOWN") ||
        (contradictions && row?.contradicted === true) ||
        (recovered && contradictions && row?.status === told.status && row.id === told.id)
          ? null
          : toldViolation(told, row);
      return words === null ? [] : [`${words}: told ${JSON.stringify(told)}`];
    }),
    ...ledger
      .doubleCancels()
      .filter(isOurs)
      .map(({ orderNo }) => `double cancel of order ${orderNo}`),
    ...crowded.map(([orderNo, count]) => `money moved ${count} times on order ${orderNo}`),
    ...rows.flatMap((row) => trailViolations(row).map((words) => `${words}: ${JSON.stringify(row)}`)),
    ...(await world.database.wrongTotals([...orders])).map(
      (orderNo) => `wrong cancelled total of order ${orderNo}`,
    ),
    ...(contradictions ? [] : rows.filter((row) => row.contradicted)).map(({ id }) => `contradicted: ${id}`),
  ];
  const having = (status: string): number => rows.filter((row) => row.status === status).length;
  return {
    requests: cases.length,
    effects: moved.length,
    succeeded: having("SUCCEEDED"),
    failed: having("FAILED"),
    unknown: having("UNKNOWN"),
    violations,
  };
}

/** For one line of the report. */
export function inWords({ requests, effects, succeeded, failed, unknown, violations }: Findings): string {
  const counts = `${requests} cancels, ${effects} effects, ${succeeded} succeeded, ${failed} failed, ${unknown} in doubt with a next step`;
  const kinds = ["double", "lost", "acknowledged but absent", "FAILED though money moved"];
  const faults = kinds.map(
    (kind) => `${kind} ${violations.filter((words) => words.startsWith(kind)).length}`,
  );
  return `${counts}; ${faults.join(", ")}, violations ${violations.length}`;
}

function caseViolations({ row, sends, effects }: Case): string[] {
  const wrong: string[] = [];
  if (sends > 1) wrong.push(`sent ${sends} times`);
  if (effects > 1) wrong.push(`double: money moved ${effects} times for one key`);
  if (row === undefined) {
    if (effects > 0) wrong.push("lost: money moved and nothing is recorded");
    else if (sends > 0) wrong.push("sent without a recorded intent");
    return wrong;
  }
  if (row.status === "FAILED" && effects > 0) wrong.push("FAILED though money moved");
  if (row.status === "SUCCEEDED" && effects === 0) wrong.push("SUCCEEDED though no money moved");
  if (row.status === "PENDING") wrong.push("lost: still PENDING when everything has settled");
  // A look that found that none can decide it leaves it to an operator.
  const mayRest = row.hasNextCheck || row.lookups > 0;
  if (row.status === "UNKNOWN" && !mayRest) wrong.push("lost: UNKNOWN without a next step");
  return wrong;
}

function toldViolation(
  told: { id: string; status: string; safeToRetry: boolean },
  row: Row | undefined,
): string | null {
  if (row?.id !== told.id) return "acknowledged but absent";
  const isFinal = told.status === "SUCCEEDED" || told.status === "FAILED";
  if (isFinal && (row.status !== told.status || row.safeToRetry !== told.safeToRetry)) {
    return `acknowledged but absent: it is ${row.status} now`;
  }
  return null;
}

function trailViolations({ status, eventCount, events }: Row): string[] {
  const wrong: string[] = [];
  if (events.some(({ number }, index) => number !== index + 1)) wrong.push("trail with gaps");
  if (events.length !== eventCount) wrong.push("trail miscounted");
  if (events.some(({ from }, index) => from !== (events[index - 1]?.to ?? null))) wrong.push("trail broken");
  if (events.at(-1)?.to !== status) wrong.push("trail that ends elsewhere");
  if (events.filter(({ source }) => source === "RESPONSE").length > 1) wrong.push("two responses");
  return wrong;
}

function shown({ request, row, sends, effects }: Case): string {
  return `${JSON.stringify(request)}, ${sends} sends, ${effects} effects, ${row === undefined ? "no row" : JSON.stringify(row)}`;
}

function itemIn(body: string): string | undefined {
  return /"itemId":\s*"([^"]+)"/u.exec(body)?.[1];
}

function tally(names: readonly (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Once everything has settled: tells what the fault has led to, and fails when any promise was broken. */
export async function expectNoHarm(world: World, fault: string, options: OracleOptions = {}): Promise<void> {
  const findings = await judge(world, options);
  say(`${fault}: ${inWords(findings)}`);
  expect(findings.violations).toEqual([]);
}
