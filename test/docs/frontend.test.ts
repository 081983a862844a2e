import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import ts from "typescript";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const service = useService();

const text = readFileSync(new URL("../../docs/frontend.md", import.meta.url), "utf8");

/** The code of a section of docs/frontend.md, and a function that it declares. */
function snippet(section: string, name: string, fetchFn = fetch): { code: string; run: any } {
  const [, rest = ""] = text.split(`\n## ${section}\n`);
  const code = /^```ts\n(.*?)^```/msu.exec(rest)?.[1] ?? "";
  const js = ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022 } }).outputText;
  return { code, run: runInNewContext(`${js}\n${name};`, { fetch: fetchFn, setTimeout }) };
}

test("the retries of docs/frontend.md cancel once, though an answer is lost and another attempt is refused", async () => {
  let attempts = 0;
  const unlucky = async (...request: Parameters<typeof fetch>): Promise<Response> => {
    attempts += 1;
    if (attempts === 2) return new Response(null, { status: 503, headers: { "retry-after": "0" } });
    const response = await fetch(...request);
    if (attempts === 1) throw new TypeError("the connection was lost");
    return response;
  };
  const { run } = snippet("Keys and retries", "cancelPayment", unlucky);
  const { data } = await run(`${service.url}/graphql`, "none", CANCEL, cancelInput());
  expect([attempts, service.simulator.ledger.totalReceived]).toEqual([3, 1]);
  expect(data.cancelPayment).toMatchObject({ replayed: true, cancellation: { status: "SUCCEEDED" } });
});

test("the amounts of docs/frontend.md are shown as it says", () => {
  const { code, run } = snippet("Money", "formatAmount");
  const shown = [...code.matchAll(/^formatAmount\("(.+)", "(.+)", "(.+)"\); \/\/ (.+)$/gmu)];
  expect(shown).toHaveLength(2);
  for (const [, amount, currency, locale, expected] of shown)
    expect(run(amount, currency, locale)).toBe(expected);
  // Exact past what a double holds, and to the last decimal place.
  expect(run("123456789012345.6789", "USD", "en-US")).toBe("$123,456,789,012,345.6789");
});
