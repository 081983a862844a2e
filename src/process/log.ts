import type { Recording } from "../cancellation/cancel/record-outcome.js";
import { SENT, type SentRecord } from "../cancellation/cancel/cancel-payment.js";
import type { Transition } from "../cancellation/model/cancellation-ledger.js";

/** What the process logs while it runs: Fastify's logger is one. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  info(details: object, message: string): void;
  warn(message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** For a command that a person runs and waits for: warnings and errors only, a line each. */
export const PROCESS_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: writeLine,
  error: writeLine,
};

function writeLine(...words: readonly (string | object)[]): void {
  process.stderr.write(`${words.map(textOf).join(" ")}\n`);
}

function textOf(word: string | object): string {
  if (typeof word === "string") return word;
  return JSON.stringify(word, (_key, value: unknown) => (value instanceof Error ? value.message : value));
}

interface CancelLog {
  readonly onSend: (sent: SentRecord) => void;
  readonly onFault: (error: unknown, cancellationId: string) => void;
  readonly onNotRecorded: (error: unknown, cancellation: { readonly id: string }, step: Transition) => void;
}

/**
 * What the log says of cancels.
 * @param always logs at every level but `silent`: after a backup is restored, only these lines know what was sent.
 */
export function createCancelLog(log: Log, always: Log): CancelLog {
  return {
    onSend: (sent) => always.info(sent, SENT),
    onFault: (error, cancellationId) => log.error({ err: error, cancellationId }, "sending a cancel failed"),
    onNotRecorded: (error, { id }, step) =>
      log.error(
        { err: error, cancellationId: id, ...shown(step) },
        "recording an outcome failed; it is tried again",
      ),
  };
}

/** Called when a stop takes too long. What is not stored stands in these lines and nowhere else. */
export function logUnfinished(log: Log, left: readonly Recording[]): void {
  log.error({ unfinished: left.length }, "the stop was not finished within SHUTDOWN_GRACE_MS");
  for (const { storeId, id, orderNo, step } of left) {
    const which = { storeId, cancellationId: id, orderNo };
    if (step === null) log.error(which, "a cancel was cut off; if it was sent, its outcome is looked up");
    else log.error({ ...which, ...shown(step) }, "an outcome is known, and could not be stored");
  }
}

/** An outcome without EBP's raw answer, which may hold personal data. */
function shown({ to, evidence: { rawAnswer: _, ...evidence }, confirmation }: Transition): object {
  return { to, evidence, returnRequestId: confirmation?.returnRequestId ?? null };
}
