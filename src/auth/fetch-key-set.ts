import type { FetchImplementation } from "jose";
import { selectUsableKeys, type SkippedKey } from "./usable-keys.js";

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
