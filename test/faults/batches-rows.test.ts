import { beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { BatchHolds, type Kind } from "./harness/batch-holds.js";
import { within } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { refusal, type Answer, type Request } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { until } from "./harness/wait.js";
import { registered } from "./harness/webhook.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const ROUNDS = sized(10);
/** As many as one statement writes at most. */
const BATCH = 64;
/** When so many wait, the service says that it is overloaded: by this a test sees that they wait. */
const WAITING = 4 * BATCH;

// Not because of the event loop: only the queue makes it say that it is overloaded.
const environment = { EBP_TIMEOUT_MS: "10000", MAX_EVENT_LOOP_DELAY_MS: "0" };
const world = useWorld({ dice, ownServer: true, environment });
let holds: BatchHolds;
beforeAll(async () => {
  holds = await BatchHolds.open(world);
  await world.database.sql(`
    CREATE TABLE refused_order (order_no text PRIMARY KEY);
    CREATE FUNCTION refuse_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM refused_order WHERE order_no = NEW.order_no) THEN
        RAISE EXCEPTION 'order % is refused', NEW.order_no USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_order BEFORE INSERT OR UPDATE ON cancellation FOR EACH ROW EXECUTE FUNCTION refuse_order()`);
}, TEST_TIMEOUT_MS);

/** Begins, and returns what ends it. */
type Trouble = (request: Request) => Promise<() => Promise<unknown>>;

const refuse: Trouble = async ({ orderNo }) => {
  await world.database.sql("INSERT INTO refused_order (order_no) VALUES ($1)", [orderNo]);
  return () => world.database.sql("DELETE FROM refused_order WHERE order_no = $1", [orderNo]);
};

const lock: Trouble = async ({ orderNo }) => {
  const order = [DEVELOPMENT_STORE.storeId, orderNo];
  await world.database.sql(
    "INSERT INTO cancelled_order (store_id, order_no) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    order,
  );
  const session = new pg.Client(world.postgres.proxy.url);
  // A test that failed leaves it to the end of its server.
  session.on("error", () => undefined);
  await session.connect();
  await session.query("BEGIN");
  await session.query("SELECT FROM cancelled_order WHERE store_id = $1 AND order_no = $2 FOR UPDATE", order);
  return () => session.end();
};

const TROUBLES: readonly (readonly [words: string, begin: Trouble])[] = [
  ["that PostgreSQL refuses", refuse],
  ["whose order somebody else has locked", lock],
];

test.each(TROUBLES)(
  "an intent %s takes none of the 63 beside it along: its caller alone gets an error, and it is not sent",
  async (words, begin) => {
    await rounds(async () => {
      const { one, others, ours, answers } = await pileUp("intents", (request) =>
        refusal(world.app.url, request),
      );
      const end = await begin(one);
      await letGo(one);
      expectCancelled(others, await answers);
      expect(await ours).toBe("SERVICE_UNAVAILABLE");
      expect(world.simulator.ledger.received(one.orderNo)).toEqual([]);
      expect(await world.database.rows([one.orderNo])).toEqual([]);
      await end();
      expectCancelled([one], [await world.callers.insist(() => world.app.url, one)]);
    });

    await settle(world);
    await expectNoHarm(world, `an intent ${words}, in a batch of ${BATCH}: ${ROUNDS} times`);
  },
);

test.each(TROUBLES)(
  "an outcome %s takes none of the 63 beside it along: it alone is PENDING until it can be stored, and it is not sent again",
  async (words, begin) => {
    await rounds(async () => {
      const { one, others, ours, answers } = await pileUp("outcomes", cancel);
      const end = await begin(one);
      await letGo(one);
      expectCancelled(others, await answers);
      expect(await world.database.rows([one.orderNo])).toMatchObject([{ status: "PENDING" }]);
      await end();
      expect(await ours).not.toBeNull();
      expectCancelled([one], [await world.callers.insist(() => world.app.url, one)]);
    });

    await settle(world);
    await expectNoHarm(world, `an outcome ${words}, in a batch of ${BATCH}: ${ROUNDS} times`);
  },
);

/** Behind two statements of one row, which are held up, whole batches wait, and this one somewhere among them. */
async function pileUp<T>(
  kind: Kind,
  ask: (one: Request) => Promise<T>,
): Promise<{ one: Request; others: Request[]; ours: Promise<T>; answers: Promise<Answer[]> }> {
  const [one, ...others] = Array.from({ length: 2 + WAITING }, () => registered(world)) as [Request];
  await holds.hold("commit", "one", kind);
  const calls = others.slice(0, 2).map(cancel);
  await until("two statements of one row are held up", async () => {
    const held = await holds.held("commit", "one", kind);
    return held.length === 2;
  });
  const place = 2 + dice.below(WAITING);
  calls.push(...others.slice(2, place).map(cancel));
  const ours = ask(one);
  calls.push(...others.slice(place).map(cancel));
  await until("whole batches wait", async () => {
    const answer = await fetch(`${world.app.url}/readyz`);
    await answer.arrayBuffer();
    return answer.status === 503;
  });
  return { one, others, ours, answers: Promise.all(calls) };
}

/** The statements go on, and this one's goes to PostgreSQL with as many others as there can be. */
async function letGo({ orderNo }: Request): Promise<void> {
  const seen = world.postgres.proxy.sees(`"order_no":${JSON.stringify(orderNo)}`, BATCH);
  await holds.letGo();
  expect(await within(seen, "a whole batch with this order in it")).toBe(BATCH);
}

function cancel(request: Request): Promise<Answer> {
  return world.callers.cancel(world.app.url, request);
}

function expectCancelled(requests: readonly Request[], answers: readonly Answer[]): void {
  expect(answers.map((answer) => answer?.told?.status)).toEqual(requests.map(() => "SUCCEEDED"));
  for (const { orderNo } of requests) expect(world.simulator.ledger.received(orderNo)).toHaveLength(1);
}

async function rounds(round: () => Promise<void>): Promise<void> {
  for (let count = 0; count < ROUNDS; count += 1) await round();
}
