import { describe, expect, test } from "@jest/globals";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { readTokenOptions } from "../../src/commands/token-options.js";

const DEFAULTS = {
  subject: "developer",
  storeIds: ["SIM-KR"],
  scopes: SCOPES,
  lifetimeSeconds: 8 * 60 * 60,
};

function read(...words: string[]): unknown {
  return readTokenOptions(words, "SIM-KR");
}

describe("the options of npm run token", () => {
  test.each<[string, string[], object]>([
    ["nothing", [], {}],
    ["a subject", ["--subject", "kim@example.com"], { subject: "kim@example.com" }],
    ["stores", ["--stores", "SIM-KR, SIM-TWO,SIM-KR"], { storeIds: ["SIM-KR", "SIM-TWO"] }],
    ["one scope", ["--scope", "cancellations:read"], { scopes: ["cancellations:read"] }],
    [
      "scopes with blanks between",
      ["--scope=cancellations:resolve  cancellations:read"],
      { scopes: SCOPES.slice(1) },
    ],
    [
      "scopes with commas between",
      ["--scope=cancellations:read,cancellations:resolve"],
      { scopes: SCOPES.slice(1) },
    ],
    ["seconds", ["--expires", "90s"], { lifetimeSeconds: 90 }],
    ["minutes", ["--expires", "30m"], { lifetimeSeconds: 1_800 }],
    ["an hour", ["--expires", "1h"], { lifetimeSeconds: 3_600 }],
    ["days", ["--expires", "7d"], { lifetimeSeconds: 604_800 }],
  ])("take %s", (_what, words, changes) => {
    expect(read(...words)).toEqual({ ...DEFAULTS, ...changes });
  });

  test("ask for help wherever they do", () => {
    expect(read("--help")).toBeNull();
    expect(read("--expires", "soon", "--help")).toBeNull();
  });

  test.each([
    [
      ["--scope", "cancellations:all"],
      '--scope: expected some of cancellations:write, cancellations:read, cancellations:resolve, found "cancellations:all"',
    ],
    [["--scope", "cancellations:read cancellations:READ"], 'found "cancellations:READ"'],
    [["--scope", ""], "--scope: expected some of"],
    [["--stores", ""], '--stores: expected store ids such as SIM-KR,SIM-US, found ""'],
    [["--stores", "SIM-KR,,SIM-US"], "--stores: expected store ids"],
    [["--subject", " "], '--subject: expected 1 to 255 characters that name somebody, found " "'],
    [["--subject", "a".repeat(256)], "--subject: expected 1 to 255 characters"],
    [["--expires", "8"], '--expires: expected a time such as 90s, 30m, 8h or 7d, found "8"'],
    [["--expires", "0h"], "--expires: "],
    [["--expires", "-1h"], "--expires"],
    [["--expires", "1y"], "--expires: "],
    [["--expires", "9999999d"], "--expires: "],
    [["--forever"], "--forever"],
    [["SIM-KR"], "SIM-KR"],
    [["--subject"], "--subject"],
  ])("refuse %j, naming it", (words, message) => {
    expect(() => read(...words)).toThrow(message);
  });
});
