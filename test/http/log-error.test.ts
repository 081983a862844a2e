import { describe, expect, test } from "@jest/globals";
import { logError } from "../../src/http/log-error.js";
import { createPrisma } from "../../src/persistence/client.js";
import { createTestDatabase } from "../helpers/database.js";

test("what a database says of the row it refused is not logged", async () => {
  const database = await createTestDatabase();
  const prisma = createPrisma(database.url);
  const refused: unknown = await prisma.$executeRaw`
    INSERT INTO cancellation (
      store_id, id, order_no, idempotency_key, fingerprint, status, currency_code, amount_basis, total_cancel_amount, note
    ) VALUES ('S', gen_random_uuid(), 'O', 'K', 'F', 'FAILED', 'KRW', 'unit', 0, 'a note of the caller')`.catch(
    (error: unknown) => error,
  );
  await prisma.$disconnect();
  await database.drop();
  const logged = logError(new Error("recording it failed", { cause: refused }));

  expect(JSON.stringify(refused)).toContain("a note of the caller");
  expect(JSON.stringify(logged)).not.toContain("a note of the caller");
  expect(logged).toMatchObject({
    type: "Error",
    cause: { type: expect.any(String), stack: expect.any(String) },
  });
});

test("a chain of causes that is a loop has an end", () => {
  const error = new Error("a");
  error.cause = error;
  expect(JSON.stringify(logError(error)).length).toBeLessThan(100_000);
});

test("something thrown that is no error is logged by its type, not by what it holds", () => {
  expect(logError("1029384756")).toEqual({
    type: "string",
    message: "not an error",
    stack: "",
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("of an error of the engine", () => {
  const SECRET = "Zaphodine Quibblewick";

  test.each<[string, () => unknown]>([
    ["a pattern that cannot be compiled", () => new RegExp(`(${SECRET}`, "u")],
    [
      "a pattern on several lines, one of them like a frame",
      () => new RegExp(`(\n    at ${SECRET}:1:2\n`, "u"),
    ],
    ["a text that is no JSON", () => JSON.parse(SECRET)],
    ["a text that is no whole number", () => BigInt(SECRET)],
    ["a text that is no object", () => "length" in (SECRET as unknown as object)],
    [
      "a text that takes no property",
      () => {
        (SECRET as unknown as { x: number }).x = 1;
      },
    ],
    ["a currency that is none", () => new Intl.NumberFormat("en", { style: "currency", currency: SECRET })],
  ])("that quotes what it was given, the words are not logged, and its frames are: %s", (_what, work) => {
    const error = thrownBy(work);
    const logged = logError(new Error("checking failed", { cause: error }));
    expect(JSON.stringify(logged)).not.toMatch(/Zaphodine|Quibblewick/u);
    expect(logged).toMatchObject({
      message: "checking failed",
      cause: {
        type: error.name,
        message: "not logged: it may quote data",
        stack: expect.stringMatching(
          /^\w+(?:\n {4}at [^\n]+)*log-error\.test\.ts:\d+:\d+(?:\)?\n {4}at [^\n]+)+$/u,
        ),
      },
    });
  });

  test("whose message was changed afterwards, neither message is logged", () => {
    const error = new SyntaxError(`\n    at ${SECRET}:1:2`);
    // It is put together when it is read first.
    expect(error.stack).toContain(SECRET);
    error.message = "changed";
    expect(logError(error)).toMatchObject({
      message: expect.not.stringContaining("changed"),
      stack: "SyntaxError",
    });
  });
});
