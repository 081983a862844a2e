import { parseArgs } from "node:util";
import { areMonthsEnough, LEAST_MONTHS_KEPT } from "../cancellation/history/retention-rules.js";

const MOST_MONTHS = 1_200;

export const RETENTION_USAGE = `Usage: npm run retention -- --older-than-months <months> --to <folder> [--dry-run]

Moves what hangs on old cancellations (events with EBP's answers, note, refund account, failure details), and the bodies of old
webhooks, to files. The cancellations themselves stay, with their ids, keys, totals and items.

  --older-than-months <months>  what was decided, or came in, longer ago than that; at least ${LEAST_MONTHS_KEPT}
  --to <folder>                 where the files go; made if there is none
  --dry-run                     only says what would be archived
  --help                        this text
`;

export interface RetentionOptions {
  readonly olderThanMonths: number;
  readonly folder: string;
  readonly isDryRun: boolean;
}

class RetentionOptionsError extends Error {
  override readonly name = "RetentionOptionsError";
}

/**
 * What the words of the command ask for; null when they ask for help.
 * @throws RetentionOptionsError that names the option, what was expected and what was found.
 */
export function readRetentionOptions(words: readonly string[]): RetentionOptions | null {
  const given = parse(words);
  if (given.help === true) return null;
  return {
    olderThanMonths: readMonths(given["older-than-months"]),
    folder: readFolder(given.to),
    isDryRun: given["dry-run"] === true,
  };
}

interface Given {
  readonly "older-than-months"?: string;
  readonly to?: string;
  readonly "dry-run"?: boolean;
  readonly help?: boolean;
}

function parse(words: readonly string[]): Given {
  const options = {
    "older-than-months": { type: "string" },
    to: { type: "string" },
    "dry-run": { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: [...words], options, strict: true }).values;
  } catch (error) {
    // Node's message names the word it does not know.
    throw new RetentionOptionsError(`${(error as Error).message}. --help tells what there is`, {
      cause: error,
    });
  }
}

function readMonths(text: string | undefined): number {
  const months = /^\d{1,4}$/u.test(text ?? "") ? Number(text) : 0;
  if (areMonthsEnough(months) && months <= MOST_MONTHS) return months;
  throw unusable("--older-than-months", `${LEAST_MONTHS_KEPT} to ${MOST_MONTHS} months`, text);
}

function readFolder(text: string | undefined): string {
  if (text !== undefined && text.trim() !== "") return text;
  throw unusable("--to", "a folder", text);
}

function unusable(option: string, expected: string, found: string | undefined): RetentionOptionsError {
  return new RetentionOptionsError(
    `${option}: expected ${expected}, found ${found === undefined ? "nothing" : JSON.stringify(found)}`,
  );
}
