import { checkClaimed, type CheckParts, type CheckResult } from "./check-payment.js";
import type { CancellationReference } from "./history.js";
import { matchClaimed, type MatchParts, type MatchResult } from "./match-webhook.js";

export interface ReconcileParts extends CheckParts, MatchParts {
  /** A process that is to stop finishes what it has claimed, and claims no more. */
  readonly isStopping: () => boolean;
  /** Told of what could not be dealt with; its turn comes again. */
  readonly onRowFailed: (error: unknown, what: CancellationReference | { readonly webhook: string }) => void;
}

/** What one run did: how many cancellations and webhooks ended how. */
export type ReconcileCounts = Readonly<Record<CheckResult | MatchResult | "failed", number>>;

/** As many at a time as are looked up at once: the last of them must be done before the lease of the first runs out. */
const BATCH_SIZE = 10;

/** Looks at every cancellation and every webhook whose time has come, once. One that fails stops none of the others. */
export async function reconcile(parts: ReconcileParts): Promise<ReconcileCounts> {
  const { queue, inbox, onRowFailed, isStopping } = parts;
  const counts = { ...NOTHING_DONE };
  await inBatches(
    async () => (isStopping() ? [] : await queue.claimDue(BATCH_SIZE)),
    async (claim) => {
      counts[await checkClaimed(parts, claim).catch(failed(claim))] += 1;
    },
  );
  await inBatches(
    async () => (isStopping() ? [] : await inbox.claimDue(BATCH_SIZE)),
    async (claim) => {
      counts[await matchClaimed(parts, claim).catch(failed({ webhook: claim.digest }))] += 1;
    },
  );
  return counts;

  function failed(what: Parameters<ReconcileParts["onRowFailed"]>[1]): (error: unknown) => "failed" {
    return (error) => {
      onRowFailed(error, what);
      return "failed";
    };
  }
}

/** Ends: what has been claimed is not due again for as long as a lease lasts. */
async function inBatches<T>(
  claim: () => Promise<readonly T[]>,
  handle: (one: T) => Promise<void>,
): Promise<void> {
  for (let batch = await claim(); batch.length > 0; batch = await claim())
    await Promise.all(batch.map(handle));
}

const NOTHING_DONE: ReconcileCounts = {
  recovered: 0,
  resolved: 0,
  inDoubt: 0,
  overtaken: 0,
  matched: 0,
  attached: 0,
  ignored: 0,
  waiting: 0,
  failed: 0,
};
