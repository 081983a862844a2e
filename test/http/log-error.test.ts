import { expect, test } from "@jest/globals";
import { logError } from "../../src/http/log-error.js";
import { createPrisma } from "../../src/persistence/prisma.js";
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

test("something thrown that is no error is told by its kind, not by what it holds", () => {
  expect(logError("1029384756")).toEqual({
    type: "string",
    message: "something else than an error",
    stack: "",
  });
});
