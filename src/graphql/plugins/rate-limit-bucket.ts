import { createHash } from "node:crypto";
import type { Caller } from "../../cancellation/model/caller.js";
import type { AskedField } from "../asked-fields.js";

/**
 * What a request is counted in: the caller, and the one store that all of it names. Where it names none, several, or one that is
 * not the caller's, all of the caller's stores together: made-up names give nobody another bucket. A hash, so that it is as long
 * for every caller, and nobody's name lies in a table of counters.
 */
export function rateLimitBucket(caller: Caller, fields: readonly AskedField[]): string {
  const named = new Set(fields.map(({ storeId }) => storeId));
  const [only = null] = named;
  const isOwn = only !== null && named.size === 1 && caller.storeIds.includes(only);
  const stores = isOwn ? [only] : [...caller.storeIds].sort();
  return createHash("sha256")
    .update(JSON.stringify([caller.subject, stores]))
    .digest("base64url");
}
