import type { Recording } from "../cancellation/cancel/record-outcome.js";
import { SENT, type SentRecord } from "../cancellation/cancel/cancel-payment.js";
import type { CancelIntent, Transition } from "../cancellation/model/cancellation-ledger.js";

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
  readonly onOutcome: (intent: CancelIntent, step: Transition) => void;
  readonly onFault: (error: unknown, cancellationId: string) => void;
  readonly onNotRecorded: (error: unknown, cancellation: { readonly id: string }, step: Transition) => void;
}

/** Of cancels that do not reach EBP: while EBP is away, each would have a line. */
const NOT_SENT_LINE_EVERY_MS = 60_000;

/**
 * What the log says of cancels. A warning for each whose outcome is not known, and for each burst of those that did not reach EBP.
 * @param always logs at every level but `silent`: after a backup is restored, only these lines know what was sent.
 */
export function createCancelLog(log: Log, always: Log, now = (): number => performance.now()): CancelLog {
  const bursts = new Map<string, { lastLineMs: number; unsaid: number }>();
  function warnOfNotSent(storeId: string, details: object): void {
    const burst = bursts.get(storeId) ?? { lastLineMs: Number.NEGATIVE_INFINITY, unsaid: 0 };
    bursts.set(storeId, burst);
    burst.unsaid += 1;
    if (now() - burst.lastLineMs < NOT_SENT_LINE_EVERY_MS) return;
    log.warn({ storeId, ...details, count: burst.unsaid }, "cancels do not reach EBP: nothing was cancelled");
    burst.lastLineMs = now();
    burst.unsaid = 0;
  }
  return {
    onSend: (sent) => always.info(sent, SENT),
    onOutcome({ id, store, request }, { to, failureKind, failure }) {
      const details = {
        cancellationId: id,
        orderNo: request.orderNo,
        cause: failure?.cause ?? null,
        resultCode: failure?.resultCode ?? null,
      };
      if (failureKind === "NOT_SENT") warnOfNotSent(store.id, details);
      else if (to === "UNKNOWN")
        log.warn({ storeId: store.id, ...details }, "it is not known whether this cancel moved money");
    },
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
