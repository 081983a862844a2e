// node bench/notify.mjs: how many commits a durable PostgreSQL makes in a second, without NOTIFY, with it in each of them,
// and with it after them, as this service does.
import "../scripts/register-typescript.mjs";
import pg from "pg";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";

const CONNECTIONS = 16;
const ROUNDS = 5;
const ROUND_MS = 3_000;

const { createChangeAnnouncer } = await import("../src/persistence/live/change-announcer.ts");

await withTemporaryDatabase(
  async (databaseUrl) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
    pool.on("error", () => undefined);
    const announcer = createChangeAnnouncer({ databaseUrl, onLost: console.error });
    await pool.query(`
      CREATE TABLE plain (n bigint);
      CREATE TABLE notifying (n bigint);
      CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('cancellation_changed', NEW.n::text); RETURN NULL; END $$;
      CREATE TRIGGER tell AFTER INSERT ON notifying FOR EACH ROW EXECUTE FUNCTION tell()`);
    let count = 0;
    const insert = (table) => pool.query(`INSERT INTO ${table} VALUES ($1)`, [(count += 1)]);
    const announce = () => announcer.announce({ storeId: "KR01", id: `${count}`, orderNo: "1", version: 1 });
    const ways = {
      "without NOTIFY": () => insert("plain"),
      "NOTIFY in each transaction": () => insert("notifying"),
      "announced after the commit": () => insert("plain").then(announce),
    };
    const figures = Object.keys(ways).map((way) => [way, []]);
    // In turns: what else the machine does meets all of them.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [way, all] of figures) all.push(await commitsPerSecond(ways[way]));
    }
    for (const [way, all] of figures) {
      const [least, middle, most] = all
        .sort((a, b) => a - b)
        .filter((_, i) => [0, ROUNDS >> 1, ROUNDS - 1].includes(i));
      console.log(
        `${way}: ${least} / ${middle} / ${most} commits a second (least / median / most of ${ROUNDS})`,
      );
    }
    await announcer.close();
    await pool.end();
  },
  { durable: true },
);

async function commitsPerSecond(commit) {
  const end = performance.now() + ROUND_MS;
  let commits = 0;
  async function work() {
    while (performance.now() < end) {
      await commit();
      commits += 1;
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return Math.round((commits * 1_000) / ROUND_MS);
}
