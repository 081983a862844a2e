import type { PrismaClient } from "./generated/client.js";
import type { Encryptor } from "./encryptor.js";

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
  const answers = events.flatMap(({ at, source, answerSealed: bytes, answerKeyId: keyId }) =>
    bytes === null || keyId === null
      ? []
      : [{ at, what: source, text: encryptor.decryptAnswer({ bytes, keyId }, { storeId, id }) }],
  );
  const told = webhooks.flatMap(({ receivedAt, eventType, bodySealed: bytes, bodyKeyId: keyId, digest }) =>
    bytes === null || keyId === null
      ? []
      : [
          {
            at: receivedAt,
            what: eventType ?? "webhook",
            text: encryptor.decryptWebhook({ bytes, keyId }, digest).toString("utf8"),
          },
        ],
  );
  const kept = [...answers, ...told].sort((a, b) => a.at.getTime() - b.at.getTime());
  return { kept, erasedAt };
}
