import { assertNewestKey, walk, type Walk, type WalkParts } from "./reencrypt-walk.js";
import type { PageSize } from "./reencrypt-statements.js";
import { ENCRYPTED_TABLES } from "./encrypted-tables.js";

/** Each statement takes milliseconds. EBP's answers have up to a megabyte: by their bytes, a page of them is one of a few rows. */
const PAGE: PageSize = { rows: 500, bytes: 8 * 1024 * 1024 };
/**
 * What was being written, or was sealed with an older key behind the walk, is found by the next one. The second finds nothing,
 * as a rule; where even the last does, somebody still seals with an older key, and would for ever.
 */
const MAX_WALKS = 4;

export type ReencryptParts = Pick<WalkParts, "prisma" | "encryptor"> & Partial<WalkParts>;

export interface Reencryption {
  /**
   * - done: in the last walk there was nothing to move, and each row that does not count as unopenable was opened.
   * - stopped: on the way; more may be left than is told here.
   * - restless: rows that were busy, or sealed with an older key meanwhile, kept turning up.
   */
  readonly end: "done" | "stopped" | "restless";
  readonly moved: number;
  /** For each table, how many rows are sealed with which key now. */
  readonly tables: readonly Pick<Walk, "name" | "byKeyId">[];
  readonly busy: number;
  readonly unopenable: number;
  readonly told: readonly string[];
}

/**
 * Moves everything that is sealed to the newest key, and then opens everything once more: a key may go only when that much is
 * certain. Safe beside running services and beside another of its kind; stopped at any point, the next run goes on.
 * @throws WrongKeyError when the newest key is not the one that the services seal with under its id.
 */
export async function reencrypt(given: ReencryptParts): Promise<Reencryption> {
  const parts: WalkParts = { page: PAGE, onPage: () => undefined, isStopping: () => false, ...given };
  for (const table of ENCRYPTED_TABLES) await assertNewestKey(parts, table);
  let moved = 0;
  for (let walks = 1; ; walks += 1) {
    const result: Walk[] = [];
    for (const table of ENCRYPTED_TABLES) result.push(await walk(parts, table));
    moved += sum(result, "moved");
    const end = endOf(result, parts.isStopping());
    if (end !== "restless" || walks === MAX_WALKS) {
      return {
        end,
        moved,
        tables: result,
        busy: sum(result, "busy"),
        unopenable: sum(result, "unopenable"),
        told: result.flatMap(({ told }) => told),
      };
    }
  }
}

function endOf(walks: readonly Walk[], isStopped: boolean): Reencryption["end"] {
  if (isStopped) return "stopped";
  return sum(walks, "moved") + sum(walks, "busy") === 0 ? "done" : "restless";
}

function sum(walks: readonly Walk[], what: "moved" | "busy" | "unopenable"): number {
  return walks.reduce((total, { [what]: count }) => total + count, 0);
}
