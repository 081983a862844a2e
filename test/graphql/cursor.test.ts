import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/cancellation/errors.js";
import type { HistoryOrder } from "../../src/cancellation/history/history.js";
import { decodeCursor, encodeCursor } from "../../src/graphql/cursor.js";

const ORDERS: readonly HistoryOrder[] = ["NEWEST_FIRST", "OLDEST_FIRST"];
const orders = fc.constantFrom(...ORDERS);
const positions = fc.record({
  createdAt: fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
  id: fc.uuid(),
});

function decoding(cursor: string, order: HistoryOrder = "NEWEST_FIRST"): () => unknown {
  return () => decodeCursor(cursor, order, "after");
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64url");
}

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

test("comes back as the position it was made of", () => {
  fc.assert(
    fc.property(positions, orders, (position, order) => {
      expect(decodeCursor(encodeCursor(position, order), order, "after")).toEqual(position);
    }),
  );
});

test("is different for different positions and orders", () => {
  fc.assert(
    fc.property(positions, positions, orders, orders, (a, b, orderA, orderB) => {
      const same = a.id === b.id && a.createdAt.getTime() === b.createdAt.getTime() && orderA === orderB;
      expect(encodeCursor(a, orderA) === encodeCursor(b, orderB)).toBe(same);
    }),
  );
});

test("can stand in a URL and in JSON as it is", () => {
  fc.assert(
    fc.property(positions, orders, (position, order) => {
      expect(encodeCursor(position, order)).toMatch(/^[\w-]+$/u);
    }),
  );
});

test("is bound to its order", () => {
  fc.assert(
    fc.property(positions, orders, (position, order) => {
      const other = ORDERS.find((each) => each !== order) ?? order;
      expect(decoding(encodeCursor(position, order), other)).toThrow(
        new InvalidArgumentError("after", "a cursor of a history in this order", "one of another order"),
      );
    }),
  );
});

describe("refuses, by the argument's name, a cursor that it has not made:", () => {
  const refusal = new InvalidArgumentError(
    "after",
    "a cursor as an edge or pageInfo gave it",
    "something else",
  );

  test.each([
    ["nothing", ""],
    ["a blank", " "],
    ["an id", ID],
    ["a Relay offset", Buffer.from("arrayconnection:5").toString("base64")],
    ["no time", encoded(`created-desc ${ID}`)],
    ["no id", encoded("created-desc 1735689600000")],
    ["an unknown order", encoded(`amount-desc 1735689600000 ${ID}`)],
    ["a negative time", encoded(`created-desc -1 ${ID}`)],
    ["a time that is no number", encoded(`created-desc now ${ID}`)],
    ["a fraction of a time", encoded(`created-desc 1.5 ${ID}`)],
    ["a time beyond all times", encoded(`created-desc 999999999999999999 ${ID}`)],
    ["another id", encoded("created-desc 1735689600000 7")],
    ["something behind it", encoded(`created-desc 1735689600000 ${ID} 1`)],
    ["SQL", encoded(`created-desc 1735689600000 ${ID}'--`)],
    ["a NUL", encoded(`created-desc 1735689600000 \0`)],
  ])("%s", (_what, cursor) => {
    expect(decoding(cursor)).toThrow(refusal);
  });

  test("any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) =>
        expect(decoding(text)).toThrow(refusal),
      ),
    );
  });

  test("one that was tampered with, unless it is a position again", () => {
    const tampering = fc.record({ at: fc.nat(), put: fc.string({ maxLength: 2 }), drop: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(positions, orders, tampering, (position, order, { at, put, drop }) => {
        const cursor = encodeCursor(position, order);
        const from = at % cursor.length;
        const tampered = cursor.slice(0, from) + put + cursor.slice(from + drop);
        try {
          const read = decodeCursor(tampered, order, "after");
          expect(read.id).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu);
          expect(read.createdAt.getTime()).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
        }
      }),
    );
  });
});
