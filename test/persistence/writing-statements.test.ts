import { describe, expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

// What lies on several servers can only be written by statements that one of them can run alone (docs/scaling.md). There need not be
// several to see that: this reads the statements.

const SOURCES = fileURLToPath(new URL("../../src/persistence/", import.meta.url));
/** Neither they nor their rows belong to a store. `migrations` writes the table of Prisma Migrate. */
const OF_NO_STORE = /\b(?:database_history|rate_limit|_prisma_migrations)\b/u;

interface Statement {
  readonly where: string;
  /** What is filled in is `…`. */
  readonly sql: string;
}

function statementsOf(file: string): Statement[] {
  const source = ts.createSourceFile(file, readFileSync(join(SOURCES, file), "utf8"), ts.ScriptTarget.Latest);
  const found: Statement[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNoSubstitutionTemplateLiteral(node)) found.push({ where: file, sql: node.text });
    if (ts.isTemplateExpression(node)) {
      const sql = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…");
      found.push({ where: file, sql });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const ALL = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("generated"))
  .flatMap(statementsOf);
const WRITING = ALL.filter(({ sql }) => /\b(?:INSERT INTO|UPDATE|DELETE FROM) (?:\w+|…)/u.test(sql)).filter(
  ({ sql }) => !OF_NO_STORE.test(sql),
);

/** From each UPDATE, or each lock, back or on to where its part of the statement ends. */
function partsOf(sql: string, verb: RegExp): string[] {
  return [...sql.matchAll(verb)].map(({ index }) => sql.slice(index).split(/\n\s*\),|\n\s*\)$/u)[0] ?? "");
}

test("the statements that write are found", () => {
  const verbs = (verb: string): string[] =>
    WRITING.filter(({ sql }) => sql.includes(verb)).map(({ where }) => where);
  expect(new Set(verbs("INSERT INTO"))).toEqual(
    new Set([
      "cancellation-row.ts",
      "enter-again.ts",
      "ledger.ts",
      "record-finding.ts",
      "record-transition.ts",
      "webhook-inbox.ts",
    ]),
  );
  expect(new Set(verbs("UPDATE "))).toEqual(
    new Set([
      "conclude-webhook.ts",
      "enter-again.ts",
      "ledger.ts",
      "record-finding.ts",
      "record-transition.ts",
      "recovery-queue.ts",
      "reencrypt.ts",
      "retention.ts",
    ]),
  );
});

describe.each(WRITING)("a statement of $where that writes", ({ sql }) => {
  test("names one store wherever it changes rows", () => {
    for (const part of partsOf(sql, /(?<!FOR )(?<!KEY )\bUPDATE (?!SET)(?:\w+|…)/gu))
      expect(part).toMatch(/\bstore_id = (?::storeId|…)/u);
  });

  test("calls nothing that is another thing each time, and no clock but that of its own beginning", () => {
    expect(sql).not.toMatch(/\b(?:clock_timestamp|timeofday|random|gen_random_uuid|nextval|now)\(/u);
  });

  test("does not reckon with time in what it sets, nor chooses between times", () => {
    for (const part of partsOf(sql, /(?<!FOR )(?<!KEY )\bUPDATE (?!SET)(?:\w+|…)[^;]*?\bSET\b/gu)) {
      const set = part.split(/\n\s*(?:FROM|WHERE)\b/u)[0] ?? "";
      expect(set).not.toMatch(/\b(?:interval|extract|make_interval|date_trunc)\b/u);
      expect(set).not.toMatch(/\bCASE\b[^,]*_timestamp\(\)/u);
    }
  });
});

test("whoever locks rows names their one store", () => {
  const locking = ALL.filter(({ sql }) => /\bFOR (?:NO KEY )?UPDATE\b/u.test(sql));
  expect(locking.length).toBeGreaterThan(4);
  for (const { where, sql } of locking) {
    for (const before of sql.split(/\bFOR (?:NO KEY )?UPDATE\b/u).slice(0, -1)) {
      const read = before.split(/\bFROM (?=cancel|webhook|…)/u).at(-1);
      expect(`${where}: ${read}`).toMatch(/\bstore_id = (?::storeId|…)/u);
    }
  }
});
