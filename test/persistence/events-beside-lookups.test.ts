import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { SCOPES, type Caller } from "../../src/cancellation/model/caller.js";
import { disproven } from "../../src/cancellation/cancel/transitions.js";
import type { Cancellation } from "../../src/cancellation/model/cancellation.js";
import { StaleTransitionError } from "../../src/cancellation/model/errors.js";
import type { LookedUpPayment } from "../../src/cancellation/model/payment-gateway.js";
import {
  checkClaimed,
  type CheckResult,
  UnresolvedWatch,
} from "../../src/cancellation/reconcile/reconcile.js";
import {
  matchClaimed,
  type MatchResult,
  matchWebhook,
} from "../../src/cancellation/reconcile/match-webhook.js";
import { resolveCancellation } from "../../src/cancellation/reconcile/operators.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { SETTLED_LOOK_MARGIN_MS } from "../../src/cancellation/model/timing.js";
import { step, STORE, TIMING } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { storeWebhook } from "../helpers/webhooks.js";

const fixture = useRecovery();
const CALLER: Caller = { subject: "operator-7", scopes: SCOPES, storeIds: [STORE.id] };
const HOUR_MS = 3_600_000;

let passedMs = 0;
/** Of a process that has been there from the beginning. */
const unresolved = new UnresolvedWatch(() => performance.now() + passedMs);

/** EBP's payment details show no cancel; `meanwhile` happens while it is asked. */
function asking(meanwhile: () => Promise<unknown>): () => Promise<LookedUpPayment> {
  return async () => {
    await meanwhile();
    return { state: "UNCANCELLED", evidence: evidenceInWords("what EBP shows") };
  };
}

/** Looks at one, as the reconciler does when its time has come. */
async function looked(
  id: string,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  watch = unresolved,
): Promise<CheckResult> {
  const claim = (await fixture.queue.claimDue(100)).find((one) => one.id === id);
  if (claim === undefined) throw new Error(`${id} is not due`);
  const { ledger, queue } = fixture;
  const never = (): never => {
    throw new Error("only a lookup is made");
  };
  const gateway = { lookup: asking(meanwhile), canShow: () => true, cancel: never, describe: never };
  return checkClaimed(
    { ledger, queue, gateway, timing: TIMING, unresolved: watch, onContradiction: () => undefined },
    claim,
  );
}

/** An event of another amount comes in and is matched. */
async function told(orderNo: string): Promise<MatchResult> {
  const { digest } = await storeWebhook(fixture, { orderNo, amount: new Decimal(900) });
  return matchClaimed(
    { inbox: fixture.inbox, onContradiction: () => undefined },
    { storeId: STORE.id, digest, isLast: false },
  );
}

async function settled(): Promise<Cancellation> {
  const { unknown } = await fixture.inDoubt();
  unresolved.see(unknown.id);
  passedMs += HOUR_MS;
  await fixture.letBeDue(unknown, "1 hour");
  return unknown;
}

describe("an event of success that comes in while a doubt is decided", () => {
  test("and is evidence before EBP has answered the lookup keeps it from being called FAILED", async () => {
    const unknown = await settled();
    expect(await looked(unknown.id, () => told(unknown.orderNo))).toBe("overtaken");
    expect(await fixture.now(unknown)).toMatchObject({ status: "UNKNOWN" });

    await fixture.letBeDue(unknown);
    expect(await looked(unknown.id)).toBe("inDoubt");
    expect(await fixture.now(unknown)).toMatchObject({ status: "UNKNOWN", nextCheckAt: null });
  });

  test("keeps an operator who does not know of it from calling it FAILED", async () => {
    const { unknown } = await fixture.inDoubt();
    let isTold = false;
    const meanwhile = async (): Promise<void> => {
      if (!isTold) await told(unknown.orderNo);
      isTold = true;
    };
    const { errors } = await resolveCancellation(
      {
        ledger: fixture.ledger,
        queue: fixture.queue,
        gateway: { lookup: asking(meanwhile) },
        timing: TIMING,
        now: () => fixture.history.now(),
      },
      CALLER,
      { id: unknown.id, outcome: "FAILED", note: "asked EBP", evenThough: ["SETTLING"] },
    );
    expect(errors).toMatchObject([{ code: "NOT_YET_FAILED", obstacles: ["EVENT_OF_SUCCESS"] }]);
    expect((await fixture.now(unknown)).status).toBe("UNKNOWN");
  });

  test("and was read before it was called FAILED is matched anew, and contradicts that", async () => {
    const { unknown } = await fixture.inDoubt();
    const { orderNo } = unknown;
    const { digest } = await storeWebhook(fixture, { orderNo, amount: new Decimal(900) });
    const { event } = await fixture.inbox.read({ storeId: STORE.id, digest });
    const conclusion = matchWebhook(event, (await fixture.inbox.cancellationsOf(event)) ?? []);
    if (conclusion === null) throw new Error("it is evidence for the one in doubt");
    await fixture.ledger.recordTransition(unknown, disproven("LOOKUP", evidenceInWords("nothing shown")));

    await expect(fixture.inbox.conclude({ storeId: STORE.id, digest }, conclusion)).rejects.toThrow(
      StaleTransitionError,
    );
    const parts = { inbox: fixture.inbox, onContradiction: () => undefined };
    expect(await matchClaimed(parts, { storeId: STORE.id, digest, isLast: false })).toBe("attached");
    expect(await fixture.now(unknown)).toMatchObject({
      status: "FAILED",
      safeToRetry: false,
      discrepancies: [{ field: "status" }],
    });
  });
});

describe("a look of a process that has not seen the doubt for the settling time", () => {
  const fromNow = async ({ id }: Cancellation): Promise<number> => {
    const [row] = await fixture.sql(
      "SELECT extract(epoch FROM next_check_at - statement_timestamp())::float8 * 1000 AS ms FROM cancellation WHERE id = $1",
      [id],
    );
    return row.ms as number;
  };

  test("plans the next for when it will have, and not for when the schedule would look", async () => {
    const { unknown } = await fixture.inDoubt();
    await fixture.sql("UPDATE cancellation SET lookups = 6 WHERE id = $1", [unknown.id]);
    await fixture.letBeDue(unknown, "1 hour");
    expect(await looked(unknown.id, undefined, new UnresolvedWatch(() => 0))).toBe("inDoubt");

    const ms = await fromNow(unknown);
    expect(ms).toBeGreaterThan(TIMING.settlingMs - 60_000);
    expect(ms).toBeLessThanOrEqual(TIMING.settlingMs + SETTLED_LOOK_MARGIN_MS);
  });
});

test("an event may be about a settled cancel, however many of its amount EBP has rejected since", async () => {
  const orderNo = randomUUID();
  const first = await fixture.pending({ orderNo });
  await fixture.ledger.recordTransition(first.pending, step(first.one, "accepted"));
  await fixture.sql("UPDATE cancellation SET settlement = 'VOIDED' WHERE id = $1", [first.pending.id]);
  await fixture.sql(
    `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, failure_kind, currency_code,
       amount_basis, total_cancel_amount, created_at, resolved_at)
     SELECT store_id, gen_random_uuid(), order_no, 'rejected-' || n, '', 'FAILED', 'RESPONSE', 'REJECTED', currency_code, amount_basis,
       total_cancel_amount, created_at + n * interval '1 millisecond', created_at + n * interval '1 millisecond'
     FROM cancellation, generate_series(1, 600) AS n WHERE id = $1`,
    [first.pending.id],
  );
  const { unknown } = await fixture.inDoubt({ orderNo });
  const { digest } = await storeWebhook(fixture, { orderNo, eventTime: new Date(Date.now() + 1_000) });
  const parts = { inbox: fixture.inbox, onContradiction: () => undefined };

  expect(await matchClaimed(parts, { storeId: STORE.id, digest, isLast: false })).toBe("attached");
  expect((await fixture.now(unknown)).status).toBe("UNKNOWN");
});
