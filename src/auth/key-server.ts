import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from "jose";
import { KeysUnavailableError } from "../cancellation/model/caller.js";
import { selectUsableKeys, type SkippedKey } from "./usable-keys.js";

/**
 * A token with an unknown key has the set fetched at most this often: short enough that nobody notices a rotation, long enough that
 * made-up key ids are no burden to the key server.
 */
const COOLDOWN_MS = 5_000;

export interface KeyServerDependencies {
  readonly url: URL;
  /** For one fetch, including the body. Only callers with an unknown key wait for it. */
  readonly timeoutMs: number;
  readonly monotonicMs: () => number;
  /** Called after each fetch. */
  readonly onFetched: () => void;
  /** Called once when fetching begins to fail, and once when it succeeds again. */
  readonly onDown: (error: unknown) => void;
  readonly onUp: () => void;
  /** Called with the malformed keys of the set, whenever these change. */
  readonly onSkipped: (skipped: readonly SkippedKey[]) => void;
}

export interface KeyServer {
  /** The key of a token, from the last set that could be fetched. @throws KeysUnavailableError */
  readonly keyOf: JWTVerifyGetKey;
  /** Fetches the set again; on failure the last one stays in use. Never rejects. */
  readonly refresh: () => Promise<void>;
}

export function createKeyServer({
  url,
  timeoutMs,
  monotonicMs,
  onFetched,
  onDown,
  onUp,
  onSkipped,
}: KeyServerDependencies): KeyServer {
  // By default jose refetches as part of a request, which then waits for a key server that hangs, and fails with one that is down. So
  // nothing ever goes stale for jose, and only `refresh` fetches.
  const never = { cacheMaxAge: Infinity, cooldownDuration: Infinity };
  const fetchKeySet = keySetFetcher(onSkipped);
  const keys = createRemoteJWKSet(url, { ...never, timeoutDuration: timeoutMs, [customFetch]: fetchKeySet });
  let failure: { readonly cause: unknown } | null = null;
  let triedAtMs = -Infinity;

  /** jose shares one fetch among concurrent calls. */
  async function refresh(): Promise<void> {
    const next = await keys.reload().then(
      () => null,
      (cause: unknown) => ({ cause }),
    );
    triedAtMs = monotonicMs();
    onFetched();
    const before = failure;
    failure = next;
    if (before === null && next !== null) onDown(next.cause);
    if (before !== null && next === null) onUp();
  }

  async function refreshUnlessJustDone(): Promise<void> {
    if (monotonicMs() - triedAtMs >= COOLDOWN_MS) await refresh();
  }

  return {
    refresh,
    async keyOf(header, token) {
      if (!keys.fresh) await refreshUnlessJustDone();
      if (!keys.fresh) throw new KeysUnavailableError(url, failure?.cause);
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refreshUnlessJustDone();
        return await keys(header, token).catch((still: unknown) => {
          // The key may be a new one: a caller that is told its token is bad would throw it away.
          throw failure === null ? still : new KeysUnavailableError(url, failure.cause);
        });
      }
    },
  };
}

/** A set of a dozen keys has 10 kB. A much larger answer is no key set and could fill the memory. */
const MAX_KEY_SET_BYTES = 256 * 1024;

/** jose's fetch (which follows no redirect), with a bound on the answer's size and without malformed keys. */
function keySetFetcher(onSkipped: (skipped: readonly SkippedKey[]) => void): FetchImplementation {
  let lastSkipped = "[]";
  return async (url, options) => {
    const response = await fetch(url, options);
    if (response.status === 200) {
      const body = await readBounded(response);
      const { usable, skipped } = await selectUsableKeys(membersOf(body));
      const found = JSON.stringify(skipped);
      if (found !== lastSkipped && skipped.length > 0) onSkipped(skipped);
      lastSkipped = found;
      // jose judges a set without usable keys as it came.
      return new Response(usable.length > 0 ? JSON.stringify({ keys: usable }) : body);
    }
    // An unread body would keep its connection.
    await response.body?.cancel();
    throw new Error(`fetching a key set: expected HTTP status 200, found ${response.status}`);
  };
}

/** Empty for anything but a key set. */
function membersOf(body: Uint8Array): readonly unknown[] {
  try {
    const { keys } = JSON.parse(new TextDecoder().decode(body)) as { readonly keys?: unknown };
    return Array.isArray(keys) ? keys : [];
  } catch {
    return [];
  }
}

async function readBounded({ body }: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += (chunk as Uint8Array).byteLength;
    if (length > MAX_KEY_SET_BYTES)
      throw new Error(`reading a key set: expected at most ${MAX_KEY_SET_BYTES} bytes, found more`);
    chunks.push(chunk as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(chunks, length));
}
