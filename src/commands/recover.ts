import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { SENT, type SentRecord } from "../cancellation/cancel/cancel-payment.js";
import { ITEM_TYPES } from "../cancellation/model/cancel-request.js";
import { Decimal } from "../cancellation/model/decimal.js";
import { normalise } from "../cancellation/request/request-fields.js";
import { AMOUNT_BASES } from "../cancellation/model/store.js";
import { runCommand } from "./run-command.js";
import { openEncryptedData, type EncryptedData } from "../process/database.js";
import { openDatabaseHistory } from "../persistence/database-watch.js";
import { enterAgain, isThere } from "../persistence/enter-again.js";
import { requestRow } from "../persistence/cancellation-row.js";
import { throughPrisma } from "../persistence/client.js";
import type { Encryptor } from "../persistence/encryptor.js";

const BASIS =
  "The database had lost this cancellation, as after a restored backup. It was entered again from the log, which shows that it was about to be sent.";
/** No replica sends while this runs, nor for this long after its last row. */
const HOLD_MS = 5_000;
const ROWS_PER_HOLD = 200;

export interface RecoverOptions {
  /** The path of the service's log since before the backup; `-` for standard input. */
  readonly from: string;
  readonly isDryRun: boolean;
}

/**
 * After a backup is restored: enters every cancel that is in the log but not in the database, as UNKNOWN. Its key and its order are then
 * taken, and it is looked up like any other unknown outcome. Can be repeated, and run beside the service.
 */
export async function recoverFromLog(options: RecoverOptions): Promise<void> {
  await runCommand(openEncryptedData, (data) => recover(data, options));
}

/** True when every send in the log is in the database now. */
async function recover(
  { prisma, encryptor }: EncryptedData,
  { from, isDryRun }: RecoverOptions,
): Promise<boolean> {
  const counts = { sent: 0, entered: 0, present: 0, keyTaken: 0, unreadable: 0 };
  const history = await openDatabaseHistory(throughPrisma(prisma), HOLD_MS);
  const input = from === "-" ? process.stdin : createReadStream(from);
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const sent = readSentLine(line);
    if (sent === null) continue;
    if (sent === "unreadable") {
      counts.unreadable += 1;
      continue;
    }
    if (!isDryRun && counts.sent % ROWS_PER_HOLD === 0) await history.hold(HOLD_MS);
    counts.sent += 1;
    const found = isDryRun
      ? (await isThere(prisma, sent.store, sent.id))
        ? "present"
        : "entered"
      : await enterAgain(prisma, {
          storeId: sent.store,
          id: sent.id,
          orderNo: sent.order,
          request: requestOf(sent, encryptor),
          createdAt: new Date(sent.moment),
          status: "UNKNOWN",
          leaseMs: 0,
          isAccountKnown: !sent.hasRefundAccount,
          basis: BASIS,
        });
    counts[found] += 1;
    if (found === "keyTaken")
      process.stderr.write(
        `${sent.id}: its key or id now belongs to another cancellation. Money may have moved twice.\n`,
      );
  }
  const { sent, entered, present, keyTaken, unreadable } = counts;
  process.stdout.write(
    `sent ${sent}\n${isDryRun ? "would be entered" : "entered"} ${entered}\npresent ${present}\nkey taken ${keyTaken}\nunreadable ${unreadable}\n`,
  );
  return keyTaken === 0 && unreadable === 0;
}

const amount = z.string().regex(/^\d{1,15}(?:\.\d{1,4})?$/u);
const text = z.string().min(1).max(255);
const integer = z.int().min(0).max(2_147_483_647);

const sentSchema: z.ZodType<SentRecord> = z.object({
  store: text,
  id: z.uuid(),
  key: text,
  order: text,
  total: amount,
  currency: z.string().regex(/^[A-Z]{3}$/u),
  amountBasis: z.enum(AMOUNT_BASES),
  lines: z
    .array(
      z.object({
        seq: integer,
        itemType: z.enum(ITEM_TYPES),
        itemId: text,
        quantity: integer,
        amount,
        taxAmount: amount.nullable(),
      }),
    )
    .min(1),
  hasRefundAccount: z.boolean(),
  fingerprint: text,
  moment: z.iso.datetime(),
});

/** One line of the service's log. Null: not about a send. */
function readSentLine(line: string): SentRecord | "unreadable" | null {
  if (!line.includes(`"msg":"${SENT}"`)) return null;
  const sent = sentSchema.safeParse(jsonIn(line));
  return sent.success ? sent.data : "unreadable";
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** The row of an intent, without what is not logged. */
function requestOf(sent: SentRecord, encryptor: Encryptor): string {
  const { id, fingerprint, currency: currencyCode, amountBasis } = sent;
  const store = { id: sent.store, currencyCode, currencyDecimals: 0, amountBasis };
  const items = sent.lines.map((line) => ({
    ...line,
    amount: new Decimal(line.amount),
    taxAmount: line.taxAmount === null ? null : new Decimal(line.taxAmount),
  }));
  const totalCancelAmount = new Decimal(sent.total);
  const asked = { idempotencyKey: sent.key, orderNo: sent.order, totalCancelAmount, items };
  const request = normalise(asked, store);
  return requestRow({ id, store, request, fingerprint, requestedBy: null }, encryptor);
}
