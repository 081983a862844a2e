import { openEncryptedData, type EncryptedData } from "../process/database.js";
import { readKeptEvidence } from "../persistence/kept-evidence.js";
import { runCommand } from "./run-command.js";

/** Decrypts what EBP said about one cancellation; nothing else shows it. */
export async function printEvidence(id: string): Promise<void> {
  await runCommand(openEncryptedData, (data) => print(data, id));
}

async function print({ prisma, encryptor }: EncryptedData, id: string): Promise<boolean> {
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
