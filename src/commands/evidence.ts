import { validate } from "uuid";
import { runCommand } from "./run-command.js";

const USAGE = "Usage: npm run evidence -- <cancellation id>. What it prints may hold personal data.\n";

// Opens what EBP said about one cancellation: it is kept sealed, and shown nowhere else.
const [id = ""] = process.argv.slice(2);
if (validate(id)) {
  await runCommand(process.env, async (core) => {
    const evidence = await core.evidenceOf(id);
    if (evidence === null) process.stderr.write("There is no cancellation with this id.\n");
    for (const { at, what, text } of evidence ?? []) {
      process.stdout.write(`${at.toISOString()} ${what}\n${text}\n\n`);
    }
    return evidence !== null;
  });
} else {
  process.stderr.write(USAGE);
  process.exitCode = 1;
}
