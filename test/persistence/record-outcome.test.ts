import { expect, test } from "@jest/globals";
import { Recordings, recordOutcome } from "../../src/cancellation/cancel/record-outcome.js";
import type { CancellationLedger } from "../../src/cancellation/model/cancellation-ledger.js";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { intent, recorded, step, STORE, useLedger } from "../helpers/ledger.js";

const fixture = useLedger();
const NOBODY_TOLD = {
  onNotRecorded: () => undefined,
  onContradiction: () => undefined,
  recordings: new Recordings(),
};

/** Whether the database takes connections; without, those it has are cut. */
async function letIn(allowed: boolean): Promise<void> {
  const name = new URL(fixture.databaseUrl).pathname.slice(1);
  await withConnection(databaseUrl(fixture.databaseUrl, "postgres"), async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
    if (!allowed) {
      await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
    }
  });
}

test("an outcome is tried again while the database is away, told each time, and stored when it is back", async () => {
  const one = intent();
  const pending = await recorded(fixture.ledger, one);
  const told: string[] = [];
  await letIn(false);
  let back: Promise<void> | undefined;
  const stored = await recordOutcome(
    {
      ledger: fixture.ledger,
      waitMs: 20_000,
      recordings: new Recordings(),
      onContradiction: () => undefined,
      onNotRecorded: (_error, { id }, { to, evidence }) => {
        told.push(`${id} ${to} ${evidence.requestId}`);
        if (told.length === 2) back = letIn(true);
      },
    },
    pending,
    step(one, "rejected"),
  );
  await back;

  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(new Set(told)).toEqual(new Set([`${pending.id} FAILED REQ-1`]));
  expect(stored.status).toBe("FAILED");
  expect(await fixture.history.find([STORE.id], pending.id)).toEqual(stored);
});

test("a caller who has waited long enough gets it as PENDING, and the outcome is stored all the same", async () => {
  const one = intent();
  const pending = await recorded(fixture.ledger, one);
  let open = (): void => undefined;
  const away = new Promise<void>((resolve) => (open = resolve));
  const slow: CancellationLedger = {
    ...fixture.ledger,
    recordTransition: (before, step) => away.then(() => fixture.ledger.recordTransition(before, step)),
  };
  const parts = { ...NOBODY_TOLD, ledger: slow, waitMs: 1 };
  const answered = await recordOutcome(parts, pending, step(one, "rejected"));
  open();

  expect(answered).toEqual(pending);
  expect((await fixture.ledger.awaitOutcome(pending, 20_000)).status).toBe("FAILED");
});

test("an outcome that was stored, its acknowledgement lost, is not stored twice", async () => {
  const one = intent();
  const pending = await recorded(fixture.ledger, one);
  let attempts = 0;
  const forgetful: CancellationLedger = {
    ...fixture.ledger,
    async recordTransition(before, step) {
      const moved = await fixture.ledger.recordTransition(before, step);
      attempts += 1;
      if (attempts === 1) throw new Error("the connection was cut during COMMIT");
      return moved;
    },
  };
  const parts = { ...NOBODY_TOLD, ledger: forgetful, waitMs: 20_000 };
  const stored = await recordOutcome(parts, pending, step(one, "rejected"));
  const [events] = await fixture.history.events([pending]);

  expect(attempts).toBe(1);
  expect(stored.status).toBe("FAILED");
  expect(events).toHaveLength(2);
});
