import { describe, expect, test } from "@jest/globals";
import { readVersion } from "../../src/process/version.js";
import { command, program, runService } from "../helpers/service-process.js";

const COMMANDS = [
  "start",
  "migrate",
  "reconcile",
  "recover",
  "evidence",
  "reencrypt",
  "retention",
  "token",
] as const;

/** Whatever ran would need a database, and fail or wait: there is none. */
const NOWHERE = { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" };

async function run(...words: string[]): Promise<readonly [unknown, string, string]> {
  const running = runService(NOWHERE, [...program("main"), ...words]);
  return [await running.ended, running.stdout, running.stderr];
}

describe("the command line", () => {
  test("says its version, and lists every command", async () => {
    expect(await run("--version")).toEqual([0, `${readVersion()}\n`, ""]);
    const [code, help] = await run("--help");
    expect(code).toBe(0);
    for (const name of COMMANDS) expect(help).toMatch(new RegExp(`^ {2}${name}\\b`, "mu"));
  });

  test.each(COMMANDS)("explains %s and does not run it", async (name) => {
    const [code, help, errors] = await run(name, "--help");
    expect([code, errors]).toEqual([0, ""]);
    expect(help).toContain(`Usage: ebp-cancel ${name}`);
  });

  test.each(COMMANDS)("refuses what %s does not know, and does not run it", async (name) => {
    const running = runService(NOWHERE, [...command(name), "--nonsense"]);
    expect(await running.ended).toBe(2);
    expect(running.stdout).toBe("");
    expect(running.stderr).toMatch(/^error: (?:unknown|required) option /u);
  });

  test.each([
    [["migrat"], "error: unknown command 'migrat'\n(Did you mean migrate?)"],
    [["migrate", "now"], "error: too many arguments for 'migrate'"],
    [["start", "4000"], "error: too many arguments for 'start'"],
    [["--port", "4000"], "error: unknown option '--port'"],
    [["evidence", "12"], "error: command-argument value '12' is invalid"],
    [
      ["retention", "--older-than-months", "many"],
      "error: option '--older-than-months <months>' argument 'many'",
    ],
    [["token", "--expires", "8"], "error: --expires: expected a time such as 90s, 30m, 8h or 7d"],
    [["retention"], "error: required option '--older-than-months <months>' not specified"],
  ])("refuses %j", async (words, message) => {
    const [code, output, errors] = await run(...words);
    expect([code, output]).toEqual([2, ""]);
    expect(errors).toContain(message);
  });
});
