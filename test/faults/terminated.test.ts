import { beforeAll, expect, test } from "@jest/globals";
import { setTimeout as delay } from "node:timers/promises";
import type { Instance } from "./harness/instance.js";
import { expectNoHarm } from "./harness/oracle.js";
import { registered, tell } from "./harness/webhook.js";
import { graphql } from "./harness/requests.js";
import { settle } from "./harness/settle.js";
import { Dice, sized, TEST_TIMEOUT_MS } from "./harness/size.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const SESSIONS = sized(1_000, 60);
const REPLICAS = 2;
const CALLERS = 12;
/** Enough to hit what is under way, few enough that something is. */
const MOST_AT_ONCE = 3;
/** Long enough for PostgreSQL's last words to come in behind the answers that wait to be read. */
const PAUSE_MS = 60;
/** Tells the replicas' sessions from those of this process. */
const NAME = "replica";

const PAGE = `query { cancellations(first: 20) { totalCount edges { node { id status events { at } } } } }`;
const STATS = `query { cancellationStats(groupBy: [STATUS]) { count } }`;

const world = useWorld({ dice, simulator: { beforeAnswer: () => delay(dice.below(50)) } });
let replicas: Instance[];
beforeAll(async () => {
  const url = new URL(world.environment["DATABASE_URL"] ?? "");
  url.searchParams.set("application_name", NAME);
  const environment = { DATABASE_URL: url.href, RECONCILE_INTERVAL_MS: "200", RATE_LIMIT_STORE: "postgres" };
  replicas = await Promise.all(Array.from({ length: REPLICAS }, () => world.startInstance({}, environment)));
}, TEST_TIMEOUT_MS);

test("replicas whose sessions PostgreSQL ends under load, also while they are stopped, live on, lose nothing and send nothing twice", async () => {
  let isOver = false;
  const dead: unknown[] = [];
  for (const { ended } of replicas) void ended.then((how) => dead.push(how));
  const anyUrl = (): string => dice.pick(replicas as [Instance, ...Instance[]]).url;
  const load = Array.from({ length: CALLERS }, async () => {
    while (!isOver) {
      const request = registered(world);
      const { orderNo, amount } = request;
      await Promise.all([
        world.callers.insist(anyUrl, request),
        graphql(anyUrl(), dice.pick([PAGE, STATS]), {}),
        // One that cannot be stored is refused: EBP would send it again.
        tell(anyUrl(), { eventType: "PAYMENT_CAPTURED", orderNo, amount }).catch(() => undefined),
      ]);
    }
  });
  let ended = 0;
  while (ended < SESSIONS && dead.length === 0) {
    const stopped = dice.below(2) === 0 ? dice.pick(replicas as [Instance, ...Instance[]]) : undefined;
    stopped?.kill("SIGSTOP");
    await delay(dice.below(PAUSE_MS));
    ended += await terminate(1 + dice.below(MOST_AT_ONCE));
    await delay(dice.below(PAUSE_MS));
    stopped?.kill("SIGCONT");
  }
  isOver = true;
  expect(dead).toEqual([]);
  await Promise.all(load);

  for (const replica of replicas) {
    expect((await fetch(`${replica.url}/livez`)).status).toBe(200);
    expect(replica.log().filter(({ level }) => level >= 60)).toEqual([]);
  }
  await settle(world);
  for (const request of world.callers.requests) await world.callers.insist(() => world.app.url, request);
  await expectNoHarm(world, `${ended} sessions ended by PostgreSQL under load`);
});

/** Ends some of the replicas' sessions, whatever they are at; says how many. */
async function terminate(atMost: number): Promise<number> {
  const [{ ended }] = await world.database.sql(
    `SELECT count(pg_terminate_backend(pid))::int AS ended
     FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 ORDER BY random() LIMIT $2) AS session`,
    [NAME, atMost],
  );
  return ended;
}
