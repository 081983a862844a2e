import type { FetchImplementation } from "jose";

/** A set of a dozen keys has 10 kB. Whatever is larger is something else, and would fill the memory. */
const MAX_KEY_SET_BYTES = 256 * 1024;

/** Fetches as jose asks for it, which follows no redirect, and reads no more than a key set can have. */
export const fetchKeySet: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  if (response.status === 200) return new Response(await readBounded(response));
  // Left unread, it would keep its connection.
  await response.body?.cancel();
  throw new Error(`fetching a key set: expected HTTP status 200, found ${response.status}`);
};

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
