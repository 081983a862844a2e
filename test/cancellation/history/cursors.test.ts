import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import {
  createCursors,
  HISTORY_ORDER_FIELDS,
  type HistoryOrder,
  NEWEST_FIRST,
  ORDER_DIRECTIONS,
} from "../../../src/cancellation/history/cursors.js";
import { amount } from "../../helpers/arbitraries.js";
import { faultOf } from "../../helpers/fault-of.js";

const [SECRET, OTHER_SECRET] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const cursors = createCursors([SECRET]);

const ORDERS: readonly HistoryOrder[] = HISTORY_ORDER_FIELDS.flatMap((field) =>
  ORDER_DIRECTIONS.map((direction) => ({ field, direction })),
);
const moments = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
const places = fc
  .record({
    order: fc.constantFrom(...ORDERS),
    moment: moments,
    amount: amount(4),
    createdAt: moments,
    id: fc.uuid(),
  })
  .map(({ order, moment, amount: total, createdAt, id }) => {
    const keys = {
      CREATED_AT: createdAt,
      RESOLVED_AT: moment,
      TOTAL_CANCEL_AMOUNT: new Decimal(total.toFixed()),
    };
    return { order, position: { key: keys[order.field], createdAt, id } };
  });

const NOT_OURS = { kind: "badCursor", field: "after" };
const RUNS = { numRuns: 40 };
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

function decoding(cursor: string, order: HistoryOrder = NEWEST_FIRST): () => unknown {
  return () => cursors.decode(cursor, order, "after");
}

test("a cursor decodes to its position in any order, needs no escaping, and is the same for the same place only", () => {
  fc.assert(
    fc.property(places, places, (a, b) => {
      const cursor = cursors.encode(a.position, a.order);
      expect(cursors.decode(cursor, a.order, "after")).toEqual(a.position);
      expect(cursor).toMatch(/^[\w-]+$/u);
      expect(cursor === cursors.encode(b.position, b.order)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    RUNS,
  );
});

test("a cursor is bound to its order: field and direction", () => {
  fc.assert(
    fc.property(places, fc.constantFrom(...ORDERS), ({ position, order }, other) => {
      fc.pre(other !== order);
      expect(faultOf(decoding(cursors.encode(position, order), other))).toEqual({
        kind: "cursorOfOtherOrder",
        field: "after",
        order: `${other.field} ${other.direction}`,
        found: `${order.field} ${order.direction}`,
      });
    }),
    RUNS,
  );
});

test("a cursor is valid on every replica, while the key that signed it is in the list", () => {
  fc.assert(
    fc.property(places, ({ position, order }) => {
      const cursor = cursors.encode(position, order);
      const rotated = createCursors([OTHER_SECRET, SECRET]);
      expect(createCursors([SECRET]).decode(cursor, order, "after")).toEqual(position);
      expect(rotated.decode(cursor, order, "after")).toEqual(position);
      const others = createCursors([OTHER_SECRET]);
      expect(faultOf(() => others.decode(cursor, order, "after"))).toEqual(NOT_OURS);
      expect(faultOf(decoding(rotated.encode(position, order), order))).toEqual(NOT_OURS);
    }),
    RUNS,
  );
});

describe("a forged cursor is refused with the argument's name:", () => {
  const content = `CREATED_AT DESC 1735689600000 1735689600000 ${ID}`;
  test.each([
    ["nothing", ""],
    ["a blank", " "],
    ["an id", ID],
    ["a Relay offset", Buffer.from("arrayconnection:5").toString("base64")],
    ["its content without a signature", Buffer.from(content).toString("base64url")],
    [
      "its content behind a signature of zeros",
      Buffer.concat([Buffer.alloc(16), Buffer.from(content)]).toString("base64url"),
    ],
    ["a signature alone", Buffer.alloc(16).toString("base64url")],
    ["a megabyte", "A".repeat(1_000_000)],
  ])("%s", (_what, cursor) => {
    expect(faultOf(decoding(cursor))).toEqual(NOT_OURS);
  });

  test("a cursor with any change", () => {
    const change = fc.record({ at: fc.nat(), put: fc.string({ maxLength: 2 }), drop: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(places, change, ({ position, order }, { at, put, drop }) => {
        const cursor = cursors.encode(position, order);
        const from = at % cursor.length;
        const changed = cursor.slice(0, from) + put + cursor.slice(from + drop);
        fc.pre(changed !== cursor);
        expect(faultOf(decoding(changed, order))).toEqual(NOT_OURS);
      }),
      RUNS,
    );
  });
});
