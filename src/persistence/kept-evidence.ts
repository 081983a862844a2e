import { answerAbout, bodyOfWebhook, type BoundTo, type Encryptor } from "./encryptor.js";
import type { PrismaClient } from "./generated/client.js";

/** What EBP said, as it said it. It may hold personal data. */
export interface KeptEvidence {
  readonly at: Date;
  /** The event's source, or the type of the webhook. */
  readonly what: string;
  readonly text: string;
}

/**
 * EBP's answers about one cancellation and the webhooks about its order, oldest first, and when older ones were erased; null when there
 * is no such cancellation.
 */
export async function readKeptEvidence(
  prisma: PrismaClient,
  encryptor: Encryptor,
  id: string,
): Promise<{ kept: KeptEvidence[]; erasedAt: Date | null } | null> {
  const cancellation = await prisma.cancellation.findFirst({
    where: { id },
    select: { storeId: true, orderNo: true, erasedAt: true, events: { orderBy: { number: "asc" } } },
  });
  if (cancellation === null) return null;
  const { storeId, orderNo, erasedAt, events } = cancellation;
  const webhooks = await prisma.webhookEvent.findMany({ where: { orderNo, storeIds: { has: storeId } } });
  const kept: KeptEvidence[] = [];
  const keep = (
    at: Date,
    what: string,
    boundTo: BoundTo,
    bytes: (typeof webhooks)[0]["bodySealed"],
    keyId: string | null,
  ): void => {
    if (bytes === null || keyId === null) return;
    kept.push({ at, what, text: encryptor.decrypt({ bytes, keyId }, boundTo).toString("utf8") });
  };
  for (const { at, source, answerSealed, answerKeyId } of events)
    keep(at, source, answerAbout({ storeId, id }), answerSealed, answerKeyId);
  for (const { receivedAt, eventType, digest, bodySealed, bodyKeyId } of webhooks)
    keep(receivedAt, eventType ?? "webhook", bodyOfWebhook(digest), bodySealed, bodyKeyId);
  return { kept: kept.sort((a, b) => a.at.getTime() - b.at.getTime()), erasedAt };
}
