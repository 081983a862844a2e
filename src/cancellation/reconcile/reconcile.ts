import type { CancellationReference } from "../model/cancellation.js";
import { checkClaimed, type CheckDependencies, type CheckResult } from "./check-unresolved.js";
import { matchClaimed, type MatchDependencies, type MatchResult } from "./match-webhook.js";

export interface ReconcileDependencies extends CheckDependencies, MatchDependencies {
  /** True once the process is to stop: it finishes what it has claimed, and claims no more. */
  readonly isStopping: () => boolean;
  /** Called for each cancellation or webhook that failed; it is tried again later. */
  readonly onRowFailed: (error: unknown, what: CancellationReference | { readonly webhook: string }) => void;
}

/** How many cancellations and webhooks of one run had each result. */
export type ReconcileCounts = Readonly<Record<CheckResult | MatchResult | "failed", number>>;

/** How many are claimed and looked up at once: all must be done before their lease expires. */
const BATCH_SIZE = 10;

/** Handles every cancellation and webhook that is due, once. A failure stops none of the others. */
export async function reconcile(dependencies: ReconcileDependencies): Promise<ReconcileCounts> {
  const { queue, inbox, unresolved, onRowFailed, isStopping } = dependencies;
  const counts = { ...NOTHING_DONE };
  unresolved.seeAll(await queue.idsInDoubt());
  // At the same time: an EBP that hangs delays lookups, and must not delay webhooks.
  const cancellations = inBatches(
    async () => (isStopping() ? [] : await queue.claimDue(BATCH_SIZE)),
    async (claim) => {
      counts[await checkClaimed(dependencies, claim).catch(failed(claim))] += 1;
    },
  );
  const webhooks = inBatches(
    async () => (isStopping() ? [] : await inbox.claimDue(BATCH_SIZE)),
    async (claim) => {
      counts[await matchClaimed(dependencies, claim).catch(failed({ webhook: claim.digest }))] += 1;
    },
  );
  await Promise.allSettled([cancellations, webhooks]);
  await Promise.all([cancellations, webhooks]);
  return counts;

  function failed(what: Parameters<typeof onRowFailed>[1]): (error: unknown) => "failed" {
    return (error) => {
      onRowFailed(error, what);
      return "failed";
    };
  }
}

/** Ends, because each claim plans the next attempt for later. */
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
