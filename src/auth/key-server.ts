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
 * Tokens of keys not seen before have the set fetched no more often than this: short enough that nobody notices a rotation, long
 * enough that made-up key ids are no burden to the key server.
 */
const COOLDOWN_MS = 5_000;

export interface KeyServerParts {
  readonly url: URL;
  /** Of one fetch, body and all. Only callers whose key is not known wait for it. */
  readonly timeoutMs: number;
  readonly monotonicMs: () => number;
  /** Told of each fetch, when it is over. */
  readonly onFetched: () => void;
  /** Told once when fetching begins to fail, with the first failure, and once when it succeeds again. */
  readonly onDown: (error: unknown) => void;
  readonly onUp: () => void;
  /** Told of malformed keys in the set, whenever they are others than at the last fetch. */
  readonly onSkipped: (skipped: readonly SkippedKey[]) => void;
}

export interface KeyServer {
  /** The key of a token: of the last set fetched, for as long as no other can be fetched. @throws KeysUnavailableError */
  readonly keyOf: JWTVerifyGetKey;
  /** Fetches the set anew; on failure the last one stays. Never rejects. */
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
}: KeyServerParts): KeyServer {
  // On its own jose refetches as part of a request, which then waits for a key server that hangs and fails with one that is down.
  // So here nothing goes stale for it, and `refresh` alone fetches; what runs out is up to whoever calls that.
  const never = { cacheMaxAge: Infinity, cooldownDuration: Infinity };
  const fetchKeySet = keySetFetcher(onSkipped);
  const keys = createRemoteJWKSet(url, { ...never, timeoutDuration: timeoutMs, [customFetch]: fetchKeySet });
  let failure: { readonly cause: unknown } | null = null;
  let triedAtMs = -Infinity;

  /** Those who come while a fetch is under way share it. */
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
          // The key may be one that was made since: a caller told that its token is bad would throw it away.
          throw failure === null ? still : new KeysUnavailableError(url, failure.cause);
        });
      }
    },
  };
}

/** A set of a dozen keys has 10 kB. Whatever is larger is something else, and would fill the memory. */
const MAX_KEY_SET_BYTES = 256 * 1024;

/**
 * Fetches as jose asks for it, which follows no redirect, reads no more than a key set can have, and takes malformed keys out.
 * @param onSkipped Told of the keys taken out, whenever they are others than the last time.
 */
export function keySetFetcher(onSkipped: (skipped: readonly SkippedKey[]) => void): FetchImplementation {
  let toldOf = "[]";
  return async (url, options) => {
    const response = await fetch(url, options);
    if (response.status === 200) {
      const body = await readBounded(response);
      const { usable, skipped } = await selectUsableKeys(membersOf(body));
      const found = JSON.stringify(skipped);
      if (found !== toldOf && skipped.length > 0) onSkipped(skipped);
      toldOf = found;
      // A set with no usable key is jose's to judge, as it came.
      return new Response(usable.length > 0 ? JSON.stringify({ keys: usable }) : body);
    }
    // Left unread, it would keep its connection.
    await response.body?.cancel();
    throw new Error(`fetching a key set: expected HTTP status 200, found ${response.status}`);
  };
}

/** None of what is no key set. */
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
