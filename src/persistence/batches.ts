import { sqlStateOf } from "./client.js";

/** A statement of so many rows takes some milliseconds; more would hold up its first caller for its last. */
const MOST_ROWS = 64;
/** While PostgreSQL makes one durable, the next is prepared. More would only be smaller. */
const IN_FLIGHT = 2;
/** Of the rows of a refused statement. */
const AT_ONCE = 4;
/** So many wait only when PostgreSQL stands still. */
const MOST_WAITING = 4 * MOST_ROWS;

/** A row that one statement writes together with others. */
export interface BatchRow {
  readonly id: string;
  /** Two rows of one order are never in one statement. */
  readonly orderNo: string;
  readonly json: string;
}

interface Asked<Result> {
  readonly row: BatchRow;
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane<Result> {
  waiting: Asked<Result>[];
  inFlight: number;
}

/**
 * Writes what is asked for while earlier rows of its store are under way in one statement: one commit for all of them. There is no
 * timer: who comes alone goes at once.
 *
 * A row that PostgreSQL refuses takes the whole statement with it. Its rows are then written one by one, and only its caller gets the
 * error. When the connection is lost, nobody knows what was committed, and every caller gets the error.
 */
export class Batches<Result extends { readonly id: string }> {
  readonly #lanes = new Map<string, Lane<Result>>();

  /** @param write writes rows of one store; what became of each has its id. */
  constructor(
    private readonly write: (storeId: string, rows: readonly BatchRow[]) => Promise<readonly Result[]>,
  ) {}

  /** Who comes now would wait long. */
  get isSaturated(): boolean {
    for (const { waiting } of this.#lanes.values()) if (waiting.length >= MOST_WAITING) return true;
    return false;
  }

  /** Undefined: nothing was written for this row. */
  add(storeId: string, row: BatchRow): Promise<Result | undefined> {
    const lane = this.#lanes.get(storeId) ?? { waiting: [], inFlight: 0 };
    this.#lanes.set(storeId, lane);
    return new Promise((resolve, reject) => {
      lane.waiting.push({ row, resolve, reject });
      this.#next(storeId, lane);
    });
  }

  #next(storeId: string, lane: Lane<Result>): void {
    while (lane.inFlight < IN_FLIGHT && lane.waiting.length > 0) {
      lane.inFlight += 1;
      void this.#run(storeId, takeBatch(lane)).finally(() => {
        lane.inFlight -= 1;
        this.#next(storeId, lane);
      });
    }
  }

  async #run(storeId: string, batch: readonly Asked<Result>[]): Promise<void> {
    try {
      const rows = batch.map(({ row }) => row);
      const results = new Map((await this.write(storeId, rows)).map((result) => [result.id, result]));
      for (const { row, resolve } of batch) resolve(results.get(row.id));
    } catch (error) {
      if (batch.length === 1 || !isUndone(error)) for (const { reject } of batch) reject(error);
      else await this.#runEach(storeId, batch);
    }
  }

  /**
   * A few at a time: one that waits for a lock then holds up only a few others. When each of the first few meets what is not the fault of a
   * row, such as a disk that is full, the others are refused at once.
   */
  async #runEach(storeId: string, batch: readonly Asked<Result>[]): Promise<void> {
    const left = batch.values();
    let answered = 0;
    const inVain: unknown[] = [];
    const work = async (): Promise<void> => {
      for (const { row, resolve, reject } of left) {
        if (answered === 0 && inVain.length >= AT_ONCE) reject(inVain[0]);
        else
          await this.write(storeId, [row]).then(
            ([result]) => {
              answered += 1;
              resolve(result);
            },
            (error: unknown) => {
              if (isOfTheServer(error)) inVain.push(error);
              else answered += 1;
              reject(error);
            },
          );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

/** The oldest of each order. By the case that the unique index ignores. */
function takeBatch<Result>(lane: Lane<Result>): Asked<Result>[] {
  const orders = new Set<string>();
  const batch: Asked<Result>[] = [];
  const left: Asked<Result>[] = [];
  for (const asked of lane.waiting) {
    const order = asked.row.orderNo.toLowerCase();
    if (batch.length < MOST_ROWS && !orders.has(order)) batch.push(asked);
    else left.push(asked);
    orders.add(order);
  }
  lane.waiting = left;
  return batch;
}

/**
 * Whether PostgreSQL has answered that it did not do it: then nothing of a statement is there. Not when its session was ended (57P), or
 * was no longer there (08): that may have come after the commit.
 */
function isUndone(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code !== null && !code.startsWith("08") && !code.startsWith("57P");
}

/**
 * Codes that tell of the server, and of a row only by chance: a lock was not to be had in time, or the whole statement took too long, mostly
 * for its locks; it is read-only (25), or short of disk, memory or connections (53), or its files cannot be read (58).
 */
const OF_THE_SERVER: ReadonlySet<string> = new Set(["55P03", "57014"]);
const CLASSES_OF_THE_SERVER: ReadonlySet<string> = new Set(["25", "53", "58"]);

function isOfTheServer(error: unknown): boolean {
  const code = sqlStateOf(error) ?? "";
  return OF_THE_SERVER.has(code) || CLASSES_OF_THE_SERVER.has(code.slice(0, 2));
}
