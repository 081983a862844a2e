import type { CancellationReference } from "../model/cancellation.js";
import { checkClaimed, type CheckDependencies, type CheckResult } from "./check-unresolved.js";
import { matchClaimed, type MatchDependencies, type MatchResult } from "./match-webhook.js";

export interface ReconcileDependencies extends CheckDependencies, MatchDependencies {
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
export async function reconcile(dependencies: ReconcileDependencies): Promise<ReconcileCounts> {
  const { queue, inbox, unresolved, onRowFailed, isStopping } = dependencies;
  const counts = { ...NOTHING_DONE };
  unresolved.seeAll(await queue.idsInDoubt());
  // At the same time: an EBP that hangs holds up the lookups, and must not hold up the webhooks that tell without it.
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
  for (const { reason } of await rejected([cancellations, webhooks])) throw reason;
  return counts;

  function failed(what: Parameters<ReconcileDependencies["onRowFailed"]>[1]): (error: unknown) => "failed" {
    return (error) => {
      onRowFailed(error, what);
      return "failed";
    };
  }
}

/** All of them have ended then, whichever failed. */
async function rejected(work: readonly Promise<void>[]): Promise<PromiseRejectedResult[]> {
  const results = await Promise.allSettled(work);
  return results.filter((result) => result.status === "rejected");
}

/** Ends: each claim plans the next look for later. */
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
