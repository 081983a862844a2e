import { performance } from "node:perf_hooks";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { createEbp } from "./ebp.mjs";
import { intentQuery, outcomeQuery } from "./statements.mjs";

const POOL_SIZE = 10;

export function createPool() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });
  pool.on("error", (error) => console.error(error));
  return pool;
}

/** What every cancel takes: a durable intent, one send, a durable outcome. Anything but a success is left PENDING. */
export function createSteps() {
  const pool = createPool();
  const ebp = createEbp(process.env.UPSTREAM_URL);

  async function cancel(input) {
    const id = uuidv7();
    const { rows: intents } = await pool.query(intentQuery(id, input));
    const { httpStatus, answer, sentAt } = await ebp.cancel(input);
    const envelope = JSON.parse(answer);
    if (envelope.resultCode !== "0") throw new Error(`EBP has not cancelled it: ${envelope.resultCode}`);
    const sentAgoMs = Math.round(performance.now() - sentAt);
    const exchange = { httpStatus, answer, envelope, sentAgoMs };
    const { rows: outcomes } = await pool.query(outcomeQuery(id, input, exchange));
    const { returnRequestId } = envelope.data;
    return { id, returnRequestId, createdAt: intents[0].created_at, resolvedAt: outcomes[0].resolved_at };
  }

  return { cancel, close: () => Promise.all([pool.end(), ebp.close()]) };
}
