import { parseArgs } from "node:util";
import { validate } from "uuid";
import { openEncryptedData, type EncryptedData } from "../core.js";
import { readKeptEvidence } from "../persistence/kept-evidence.js";
import { isInArchive, readArchivedEvidence } from "../persistence/retention/archived-evidence.js";
import { runCommand } from "./run-command.js";

const USAGE =
  "Usage: npm run evidence -- <cancellation id> [--archive <file>]. What it prints may hold personal data.\n";

const WHERE_IT_IS =
  "Some of it was moved to an archive: EBP's answers to a file cancellations-<store>-<first>-<last>-<n>.ndjson.gz, whose first and last moment are around when it was decided (`archivedAt` says when that was done); bodies of webhooks to webhooks-<first>-<last>-<n>.ndjson.gz. Open one with --archive <file>.\n";

// Opens what EBP said about one cancellation: it is stored encrypted, and shown nowhere else.
const asked = readWords(process.argv.slice(2));
if (asked === null) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else {
  await runCommand(process.env, (data) => print(data, asked.id, asked.file), openEncryptedData);
}

function readWords(words: readonly string[]): { id: string; file: string | undefined } | null {
  try {
    const options = { archive: { type: "string" } } as const;
    const { positionals, values } = parseArgs({ args: [...words], options, allowPositionals: true });
    const [id = "", ...more] = positionals;
    return validate(id) && more.length === 0 ? { id, file: values.archive } : null;
  } catch {
    return null;
  }
}

async function print(
  { prisma, encryptor }: EncryptedData,
  id: string,
  file: string | undefined,
): Promise<boolean> {
  const kept = await readKeptEvidence(prisma, encryptor, id);
  if (kept === null) {
    process.stderr.write("There is no cancellation with this id.\n");
    return false;
  }
  const archived = file === undefined ? [] : await readArchivedEvidence(prisma, encryptor, id, file);
  const all = [...archived, ...kept].sort((a, b) => a.at.getTime() - b.at.getTime());
  for (const { at, what, text } of all) process.stdout.write(`${at.toISOString()} ${what}\n${text}\n\n`);
  if (file === undefined && (await isInArchive(prisma, id))) process.stderr.write(WHERE_IT_IS);
  if (file !== undefined && archived.length === 0) process.stderr.write(`${file} has nothing about it.\n`);
  return true;
}
