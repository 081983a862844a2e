import { Command, CommanderError, InvalidArgumentError } from "commander";
import { validate } from "uuid";
import { SCOPES } from "../cancellation/model/caller.js";
import type { Signals } from "../process/signals.js";
import { readVersion } from "../process/version.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { TokenWords } from "./token-options.js";

/** Of the command that a package manager installs; `node dist/src/main.js` is the same. */
const NAME = "ebp-cancel";

/** A fault of what was typed, as other programs have it; 1 is a fault of what ran. */
const USAGE = 2;

/**
 * Runs one command; without any, the service. Each loads what it needs, and nothing runs for a word that it does not know.
 * @param words what follows the program's name.
 */
export async function runCommandLine(words: readonly string[], signals: Signals): Promise<void> {
  const program = new Command(NAME)
    .description("The EBP cancel facade. Settings are environment variables: see docs/configuration.md.")
    .version(readVersion(), "--version", "prints the version")
    .helpOption("--help", "prints this text")
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError("(--help says what can be given)");
  program
    .command("start")
    .description("serves the API; what happens without a command")
    .action(async () => (await import("./start.js")).start(signals));
  program
    .command("migrate")
    .description("applies the migrations that the database at DATABASE_URL lacks")
    .option("--dry-run", "lists them, and applies nothing", false)
    .action(async ({ dryRun }: { dryRun: boolean }) => {
      signals.release();
      await (await import("./migrate.js")).migrate(dryRun);
    });
  program
    .command("reconcile")
    .description("finds out what became of every cancellation that is due, once")
    .action(async () => {
      signals.release();
      await (await import("./reconcile.js")).reconcileOnce();
    });
  program
    .command("recover")
    .description(
      "after restoring a backup: enters every cancel that is in the log but not in the database, as UNKNOWN. Its key and its order are then taken, and it is looked up like any other unknown outcome. You can repeat this, and run it beside the service",
    )
    .requiredOption(
      "--from <log file>",
      "the service's log since before the backup, one JSON object per line; - reads standard input",
    )
    .option("--dry-run", "counts what would be entered, and enters nothing", false)
    .action(async ({ from, dryRun }: { from: string; dryRun: boolean }) => {
      signals.release();
      await (await import("./recover.js")).recoverFromLog({ from, isDryRun: dryRun });
    });
  program
    .command("evidence")
    .description("prints what EBP said about a cancellation. It may hold personal data")
    .argument("<cancellation id>", "its id", readId)
    .action(async (id: string) => {
      signals.release();
      await (await import("./evidence.js")).printEvidence(id);
    });
  program
    .command("reencrypt")
    .description("encrypts everything that has an older key with the newest one")
    .action(async () => (await import("./reencrypt.js")).moveToNewestKey(signals));
  program
    .command("retention")
    .description(
      "erases personal data for good: refund accounts, notes and EBP's raw answers of cancellations that were resolved before the cutoff, and the bodies of webhooks that came before it. Cancellations stay, with their ids, keys, items, totals and events",
    )
    .requiredOption("--older-than-months <months>", "the cutoff: this long ago", readMonths)
    .option("--dry-run", "counts what would be erased, and erases nothing", false)
    .action(async (options: { olderThanMonths: number; dryRun: boolean }) => {
      const { olderThanMonths, dryRun: isDryRun } = options;
      await (await import("./retention.js")).erase({ olderThanMonths, isDryRun }, signals);
    });
  program
    .command("token")
    .description(
      "makes a bearer token for development. Prints the token on stdout, and how to use it on stderr. The first use makes a key pair and keeps it in DATA_DIR (.data)",
    )
    .option("--subject <name>", "the caller", "developer")
    .option("--stores <ids>", "the caller's stores, separated by commas", DEVELOPMENT_STORE.storeId)
    .option("--scope <scopes>", "what the caller may do, separated by blanks or commas", SCOPES.join(" "))
    .option("--expires <time>", "how long it is valid, such as 90s, 30m, 8h or 7d", "8h")
    .action(async (words: TokenWords) => {
      signals.release();
      await (await import("./token.js")).printToken(words);
    });
  try {
    await program.parseAsync(words.length === 0 ? ["start"] : words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // What it finds itself, it has printed; so it has the help and the version, whose code is 0.
      if (error instanceof InvalidArgumentError) process.stderr.write(`error: ${error.message}\n`);
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    // The message is written for whoever ran the command; the stack helps only with a fault of ours.
    const shown = process.env["LOG_LEVEL"] === "debug" ? (error as Error).stack : undefined;
    process.stderr.write(`${shown ?? String(error)}\n`);
    process.exitCode = 1;
  }
}

function readId(text: string): string {
  if (validate(text)) return text;
  throw new InvalidArgumentError("Expected a UUID.");
}

/** Whether there are enough of them is for the erasure to say. */
function readMonths(text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected whole months.");
}
