import type { ChangeHint } from "../../cancellation/live/change.js";

/** Per database: another service's on the same server are not heard. */
export const CHANGE_CHANNEL = "cancellation_changed";
/** PostgreSQL takes less than 8 000 bytes. A hint has some 100, and 900 at most. */
export const MAX_PAYLOAD_BYTES = 7_900;

type Written = readonly [storeId: string, id: string, orderNo: string, version: number];

/** As few payloads as hold them all. */
export function toPayloads(hints: Iterable<ChangeHint>): string[] {
  const payloads: string[] = [];
  let part: string[] = [];
  let bytes = 0;
  for (const { storeId, id, orderNo, version } of hints) {
    const written: Written = [storeId, id, orderNo, version];
    const text = JSON.stringify(written);
    const size = Buffer.byteLength(text) + 1;
    if (part.length > 0 && bytes + size + 1 > MAX_PAYLOAD_BYTES) {
      payloads.push(`[${part.join(",")}]`);
      [part, bytes] = [[], 0];
    }
    part.push(text);
    bytes += size;
  }
  return part.length === 0 ? payloads : [...payloads, `[${part.join(",")}]`];
}

/** Whoever may connect to the database may notify: what is not written as here is no hint. */
export function fromPayload(payload: string | undefined): ChangeHint[] {
  const written = parse(payload ?? "");
  if (!Array.isArray(written)) return [];
  return written
    .filter(isWritten)
    .map(([storeId, id, orderNo, version]) => ({ storeId, id, orderNo, version }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isWritten(one: unknown): one is Written {
  if (!Array.isArray(one)) return false;
  const [storeId, id, orderNo, version] = one as readonly unknown[];
  const texts = [storeId, id, orderNo];
  return texts.every((text) => typeof text === "string") && Number.isInteger(version);
}
