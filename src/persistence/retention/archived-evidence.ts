import type { PrismaClient } from "../generated/client.js";
import type { KeptEvidence } from "../kept-evidence.js";
import type { Encrypted, Encryptor, EncryptedRow } from "../encryptor.js";
import type { CancellationLine, WebhookLine } from "./archive-lines.js";
import { readArchive } from "./read-archive.js";

/** Whether anything of what EBP said about a cancellation, or about its order, was moved to an archive. */
export async function isInArchive(prisma: PrismaClient, id: string): Promise<boolean> {
  const cancellation = await prisma.cancellation.findFirst({
    where: { id },
    select: { archivedAt: true, storeId: true, orderNo: true },
  });
  if (cancellation === null) return false;
  const { archivedAt, storeId, orderNo } = cancellation;
  if (archivedAt !== null) return true;
  const emptied = { orderNo, storeIds: { has: storeId }, bodySealed: null };
  return (await prisma.webhookEvent.count({ where: emptied })) > 0;
}

/**
 * What a file has of EBP's answers about one cancellation, or of the webhooks about its order.
 * @throws ArchiveError when the file is not whole. DecryptionError when a key that it was sealed with is missing.
 */
export async function readArchivedEvidence(
  prisma: PrismaClient,
  encryptor: Encryptor,
  id: string,
  path: string,
): Promise<KeptEvidence[]> {
  const cancellation = await prisma.cancellation.findFirst({
    where: { id },
    select: { storeId: true, orderNo: true },
  });
  if (cancellation === null) return [];
  const { storeId, orderNo } = cancellation;
  const answers: CancellationLine[] = [];
  const told: WebhookLine[] = [];
  await readArchive(path, (line) => {
    const { cancellation: row, webhook } = line as Partial<CancellationLine & WebhookLine>;
    if (row?.id === id) answers.push(line as CancellationLine);
    const isOfOrder = webhook?.order_no === orderNo && webhook.store_ids?.includes(storeId) === true;
    if (isOfOrder) told.push(line as WebhookLine);
  });
  return [
    ...answers.flatMap((line) => answersOf(line, encryptor, { storeId, id })),
    ...told.flatMap((line) => bodyOf(line, encryptor)),
  ];
}

function answersOf({ events }: CancellationLine, encryptor: Encryptor, owner: EncryptedRow): KeptEvidence[] {
  return events.flatMap(({ at, source, answer_sealed, answer_key_id }) => {
    const sealed = asSealed(answer_sealed, answer_key_id);
    return sealed === null
      ? []
      : [{ at: new Date(at), what: source, text: encryptor.decryptAnswer(sealed, owner) }];
  });
}

function bodyOf({ webhook }: WebhookLine, encryptor: Encryptor): KeptEvidence[] {
  const sealed = asSealed(webhook.body_sealed, webhook.body_key_id);
  if (sealed === null) return [];
  const text = encryptor.decryptWebhook(sealed, webhook.digest).toString("utf8");
  return [{ at: new Date(webhook.received_at), what: webhook.event_type ?? "webhook", text }];
}

function asSealed(sealed: string | null, keyId: string | null): Encrypted | null {
  return sealed === null || keyId === null
    ? null
    : { keyId, bytes: Uint8Array.from(Buffer.from(sealed, "base64")) };
}
