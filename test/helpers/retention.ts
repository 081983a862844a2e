import { randomUUID } from "node:crypto";
import { afterEach } from "@jest/globals";
import type { CancelIntent } from "../../src/cancellation/model/cancellation-ledger.js";
import type { Prisma, PrismaClient } from "../../src/persistence/generated/client.js";
import type { Archived } from "../../src/persistence/retention/archive-rows.js";
import { retain, type Retention, type RetentionParts } from "../../src/persistence/retention/retain.js";
import { intent, recorded, step } from "./ledger.js";
import type { RecoveryFixture } from "./recovery.js";

export const ACCOUNT = { accountNumber: "0012345678901", bankCode: "001", accountHolderName: '홍 "길동' };
export const MONTHS = 24;

/** So small that a handful of rows fills several of each. */
export const SMALL = {
  page: 3,
  file: { rows: 2, events: 5, bytes: 900 },
  batch: { rows: 2, bytes: 300 },
  removal: 2,
};

export interface RetentionFixture {
  readonly run: (folder: string, parts?: Partial<RetentionParts>) => Promise<Retention>;
  /** One that succeeded or failed, with an account, a note and an answer; as if it had been so long ago. */
  readonly decided: (
    kind: "accepted" | "rejected",
    months: number,
    orderNo?: string,
  ) => Promise<CancelIntent>;
  /** As if all that is known of it had been learnt so long ago. */
  readonly letAge: (reference: { readonly id: string }, months: number) => Promise<void>;
  /** The fixture's connections, with something that happens once before a statement of this kind. */
  readonly before: (kind: string, happens: () => Promise<unknown>) => PrismaClient;
}

/** Runs of the retention, and what they find, on the database of a fixture; emptied after each test. */
export function useRetention(fixture: RecoveryFixture): RetentionFixture {
  afterEach(() => fixture.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));
  return { run, decided, letAge, before };

  async function run(folder: string, parts: Partial<RetentionParts> = {}): Promise<Retention> {
    const result = await retain({
      prisma: fixture.prisma,
      databaseUrl: fixture.databaseUrl,
      olderThanMonths: MONTHS,
      folder,
      sizes: SMALL,
      ...parts,
    });
    if (result === null) throw new Error("another run is at it");
    return result;
  }

  async function decided(
    kind: "accepted" | "rejected",
    months: number,
    orderNo: string = randomUUID(),
  ): Promise<CancelIntent> {
    const one = intent({ orderNo, refundAccount: ACCOUNT, note: "a note\u2028of two lines" });
    await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), step(one, kind));
    await letAge(one, months);
    return one;
  }

  async function letAge({ id }: { readonly id: string }, months: number): Promise<void> {
    const earlier = (column: string): string => `${column} = now() - make_interval(months => ${months})`;
    await fixture.sql(
      `UPDATE cancellation SET ${earlier("created_at")}, ${earlier("resolved_at")} WHERE id = '${id}' AND resolved_at IS NOT NULL`,
    );
    await fixture.sql(`UPDATE cancellation_event SET ${earlier("at")} WHERE cancellation_id = '${id}'`);
  }

  function before(kind: string, happens: () => Promise<unknown>): PrismaClient {
    let hasHappened = false;
    const $queryRaw = async (statement: Prisma.Sql, ...values: unknown[]): Promise<unknown> => {
      if (!hasHappened && "sql" in statement && statement.sql.includes(kind)) {
        hasHappened = true;
        await happens();
      }
      return fixture.prisma.$queryRaw(statement, ...values);
    };
    return { $queryRaw } as unknown as PrismaClient;
  }
}

/** How many were moved, by what they are. */
export function movedBy({ archived }: Retention): Record<string, number> {
  return Object.fromEntries(archived.map(({ name, moved }: Archived): [string, number] => [name, moved]));
}
