import { testOnOneServer } from "../helpers/database.js";
import { expect, test } from "@jest/globals";
import {
  recordOutcome,
  Recordings,
  withdrawIntent,
  type WithdrawDependencies,
} from "../../src/cancellation/cancel/record-outcome.js";
import type { CancellationLedger } from "../../src/cancellation/model/cancellation-ledger.js";
import { startPgProxy } from "../faults/harness/pg-proxy.js";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { intent, ledgerOn, recorded, step, STORE, useLedger } from "../helpers/ledger.js";

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

function parts(changes: Partial<WithdrawDependencies> = {}): WithdrawDependencies {
  return {
    ledger: fixture.ledger,
    timing: { leaseMs: 1 },
    waitMs: 20_000,
    onNotRecorded: () => undefined,
    onContradiction: () => undefined,
    recordings: new Recordings(),
    ...changes,
  };
}
const NOT_SENT = { status: "FAILED", failureKind: "NOT_SENT", safeToRetry: true, resolvedBy: "RESPONSE" };

test("an intent that was committed, and nobody was told of it, ends as not sent: its order is open again", async () => {
  const one = intent();
  const pending = await recorded(fixture.ledger, one);
  let away = 1;
  const ledger: typeof fixture.ledger = {
    ...fixture.ledger,
    find: (...args) => (away-- > 0 ? Promise.reject(new Error("away")) : fixture.ledger.find(...args)),
  };
  await withdrawIntent(parts({ ledger }), one);

  expect(await fixture.history.find([STORE.id], pending.id)).toMatchObject(NOT_SENT);
  expect((await fixture.ledger.recordIntent(intent({ orderNo: one.request.orderNo }))).kind).toBe("recorded");
});

test("an intent that was not committed leaves nothing behind", async () => {
  const one = intent();
  await withdrawIntent(parts(), one);
  expect(await fixture.history.find([STORE.id], one.id)).toBeNull();
});

testOnOneServer(
  "an intent cut off while it waits for a lock is found when it is committed after all, and ends as not sent",
  async () => {
    const earlier = intent();
    await recorded(fixture.ledger, earlier);
    const { orderNo } = earlier.request;
    const one = intent({ orderNo });
    // The order is open again, so that nothing but the lock is in the way.
    await withdrawIntent(parts(), earlier);
    const proxy = await startPgProxy(fixture.databaseUrl);
    const cutOff = await ledgerOn(proxy.url);

    await withConnection(fixture.databaseUrl, async (holder) => {
      await holder.query("BEGIN");
      await holder.query("SELECT FROM cancelled_order WHERE store_id = $1 AND order_no = $2 FOR UPDATE", [
        STORE.id,
        orderNo,
      ]);
      const cut = expect(cutOff.ledger.recordIntent(one)).rejects.toThrow();
      await waitsForLock(fixture.databaseUrl);
      proxy.down();
      await cut;

      let looks = 0;
      await withdrawIntent(
        parts({
          timing: { leaseMs: 60_000 },
          ledger: {
            ...fixture.ledger,
            async find(...args) {
              const found = await fixture.ledger.find(...args);
              // The first look finds nothing: only then the lock is let go.
              if (looks++ === 0) await holder.query("COMMIT");
              return found;
            },
          },
        }),
        one,
      );
      expect(looks).toBeGreaterThan(1);
    });
    await cutOff.close();
    await proxy.close();

    expect(await fixture.history.find([STORE.id], one.id)).toMatchObject(NOT_SENT);
  },
);

async function waitsForLock(url: string): Promise<void> {
  await withConnection(url, async (client) => {
    for (let waiting = false; !waiting;) {
      const { rows } = await client.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      waiting = rows.length > 0;
    }
  });
}
