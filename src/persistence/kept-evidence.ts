import type { PrismaClient } from "./generated/client.js";
import type { Sealer } from "./sealer.js";

/** What EBP said, as it said it. It may hold personal data. */
export interface KeptEvidence {
  readonly at: Date;
  /** The event's source, or the type of the webhook. */
  readonly what: string;
  readonly text: string;
}

/** EBP's answers about one cancellation and the webhooks about its order, oldest first; null when there is no such cancellation. */
export async function readKeptEvidence(
  prisma: PrismaClient,
  sealer: Sealer,
  id: string,
): Promise<KeptEvidence[] | null> {
  const cancellation = await prisma.cancellation.findFirst({
    where: { id },
    select: { storeId: true, orderNo: true, events: { orderBy: { number: "asc" } } },
  });
  if (cancellation === null) return null;
  const { storeId, orderNo, events } = cancellation;
  const webhooks = await prisma.webhookEvent.findMany({ where: { orderNo, storeIds: { has: storeId } } });
  const answers = events.flatMap(({ at, source, answerSealed: sealed, answerKeyId: keyId }) =>
    sealed === null || keyId === null
      ? []
      : [{ at, what: source, text: sealer.openAnswer({ sealed, keyId }, { storeId, id }) }],
  );
  const told = webhooks.flatMap(({ receivedAt, eventType, bodySealed: sealed, bodyKeyId: keyId, digest }) =>
    sealed === null || keyId === null
      ? []
      : [
          {
            at: receivedAt,
            what: eventType ?? "webhook",
            text: sealer.openWebhook({ sealed, keyId }, digest).toString("utf8"),
          },
        ],
  );
  return [...answers, ...told].sort((a, b) => a.at.getTime() - b.at.getTime());
}
