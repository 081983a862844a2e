import { ArchiveError } from "./archive-error.js";
import type { ArchivedWebhook, WebhookLine } from "./archive-lines.js";
import type { ArchivedKind, Gathering, KindParts } from "./archived-kind.js";
import { removeInSlices } from "./remove-in-slices.js";
import { portions } from "./sizes.js";
import {
  examineWebhooksStatement,
  removeWebhooksStatement,
  webhookRowsStatement,
  type ExaminedWebhook,
} from "./webhook-statements.js";

/** Webhooks of all stores: EBP's do not name one. */
export function webhooks(
  { prisma, json, before, sizes }: KindParts,
  estimate: number,
): ArchivedKind<ExaminedWebhook> {
  return {
    name: "webhooks",
    fileName: ["webhooks"],
    estimate,
    examine: (after) => prisma.$queryRaw(examineWebhooksStatement(before, after?.digest ?? null, sizes.page)),
    isDue: (row) => row.is_due,
    momentOf: (row) => row.received_at,
    weigh: ({ bytes }) => ({ events: 0, bytes }),
    linesOf,
    gather,
  };

  async function* linesOf(rows: readonly ExaminedWebhook[]): AsyncGenerator<string> {
    for (const batch of portions(rows, sizes.batch, ({ bytes }) => ({ events: 0, bytes }))) {
      const digests = batch.map(({ digest }) => digest);
      const read = await prisma.$queryRaw<{ webhook: string }[]>(webhookRowsStatement(json, digests));
      for (const { webhook } of read) yield `{"webhook":${webhook}}`;
    }
  }

  function gather(rows: readonly ExaminedWebhook[]): Gathering {
    const archived: ArchivedWebhook[] = [];
    return {
      line: (line) => archived.push((line as WebhookLine).webhook),
      end() {
        const isSame =
          archived.length === rows.length && archived.every(({ digest }, n) => digest === rows[n]?.digest);
        if (!isSame) throw new ArchiveError(`a file of ${rows.length} webhooks does not have them all`);
      },
      remove: () => removeInSlices({ prisma, sizes }, archived, removeWebhooksStatement),
    };
  }
}
