import { validate } from "uuid";
import { openEncryptedData, type EncryptedData } from "../process/database.js";
import { readKeptEvidence } from "../persistence/kept-evidence.js";
import { runCommand } from "./run-command.js";

const USAGE = "Usage: npm run evidence -- <cancellation id>. What it prints may hold personal data.\n";

// Decrypts what EBP said about one cancellation; nothing else shows it.
const [id = "", ...more] = process.argv.slice(2);
if (!validate(id) || more.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else {
  await runCommand(openEncryptedData, print);
}

async function print({ prisma, encryptor }: EncryptedData): Promise<boolean> {
  const evidence = await readKeptEvidence(prisma, encryptor, id);
  if (evidence === null) {
    process.stderr.write("There is no cancellation with this id.\n");
    return false;
  }
  for (const { at, what, text } of evidence.kept) {
    process.stdout.write(`${at.toISOString()} ${what}\n${text}\n\n`);
  }
  if (evidence.erasedAt !== null) {
    process.stderr.write(
      `At ${evidence.erasedAt.toISOString()}, npm run retention erased what EBP had said until its cutoff.\n`,
    );
  }
  return true;
}
