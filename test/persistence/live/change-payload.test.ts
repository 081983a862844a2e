import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromPayload, MAX_PAYLOAD_BYTES, toPayloads } from "../../../src/persistence/live/change-payload.js";

const hint = fc.record({
  storeId: fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" }),
  id: fc.uuid(),
  orderNo: fc.string({ minLength: 1, maxLength: 100, unit: "binary" }),
  version: fc.integer({ min: 1 }),
});

test("what is announced comes back, in payloads that PostgreSQL takes, whatever is in it and however much it is", () => {
  fc.assert(
    fc.property(fc.array(hint, { size: "max", maxLength: 300 }), (hints) => {
      const payloads = toPayloads(hints);
      for (const payload of payloads)
        expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
      expect(payloads.flatMap(fromPayload)).toEqual(hints);
    }),
    { numRuns: 50 },
  );
});

test.each([
  "",
  "nonsense",
  "null",
  "{}",
  "1",
  '["a"]',
  '[["a","b","c"]]',
  '[["a","b","c","1"]]',
  '[["a","b",null,1]]',
])("what somebody else sends is no hint: %j", (payload) => {
  expect(fromPayload(payload)).toEqual([]);
});
