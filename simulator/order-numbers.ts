import type { CancelOutcome } from "../src/cancellation/model/outcome.js";

/** An error as EBP answers it. */
export interface ForcedError {
  readonly httpStatus: number;
  readonly resultCode: string;
}

/** How the simulator answers a cancel. */
export type ForcedAnswer =
  | { readonly kind: "error"; readonly error: ForcedError }
  | { readonly kind: "usual" | "silence" | "reset" | "truncated" | "slow" | "discrepancy" }
  | { readonly kind: "html"; readonly httpStatus: number };

/** What the simulator answers to a lookup instead of the payment's details. */
export type ForcedLookupAnswer = Extract<ForcedAnswer, { kind: "error" | "html" }>;

/** How the webhooks about an order are sent. */
export type WebhookManner = "usual" | "lost" | "delayed" | "twice" | "reordered" | "forged";

export interface ForcedBehaviour {
  /** The beginning of the order numbers that this applies to. */
  readonly prefix: string;
  /** In words, for the documentation and for `npm run simulator`. */
  readonly does: string;
  /** Whether the simulated money moves. */
  readonly effect: boolean;
  /** What a caller can conclude from the answer. */
  readonly outcome: CancelOutcome["kind"];
  readonly answer: ForcedAnswer;
  /** The effect lands after the caller has given up. Lookups before that do not show it. */
  readonly isLate?: true;
  readonly lookup?: ForcedLookupAnswer;
  readonly webhooks?: WebhookManner;
}

/** Order numbers that force a behaviour. If several prefixes match, the longest applies. */
export const FORCED_BEHAVIOURS: readonly ForcedBehaviour[] = [
  {
    prefix: "SIM-PARTIAL-BEFORE-CAPTURE",
    does: "refuses as a partial cancel before capture: EBP-C-0005, HTTP 400",
    effect: false,
    outcome: "rejected",
    answer: error(400, "EBP-C-0005"),
  },
  {
    prefix: "SIM-CANCELLATION-FAILED",
    does: "answers EBP-C-0010, HTTP 500",
    effect: false,
    outcome: "rejected",
    answer: error(500, "EBP-C-0010"),
  },
  {
    prefix: "SIM-AUTHENTICATION-ERROR",
    does: "answers EBP-A-0001, HTTP 400",
    effect: false,
    outcome: "rejected",
    answer: error(400, "EBP-A-0001"),
  },
  {
    prefix: "SIM-RETRY-RECOMMENDED",
    does: "answers EBP-C-0011, HTTP 500",
    effect: false,
    outcome: "unknown",
    answer: error(500, "EBP-C-0011"),
  },
  {
    prefix: "SIM-SYSTEM-CRITICAL",
    does: "answers EBP-C-0012, HTTP 500",
    effect: false,
    outcome: "unknown",
    answer: error(500, "EBP-C-0012"),
  },
  {
    prefix: "SIM-GATEWAY-ERROR",
    does: "answers EBP-D-0001, HTTP 200",
    effect: false,
    outcome: "unknown",
    answer: error(200, "EBP-D-0001"),
  },
  {
    prefix: "SIM-CANCELLATION-ERROR-AFTER-EFFECT",
    does: "cancels, and answers EBP-Z-0005, HTTP 500",
    effect: true,
    outcome: "unknown",
    answer: error(500, "EBP-Z-0005"),
  },
  {
    prefix: "SIM-TIMEOUT-BEFORE-EFFECT",
    does: "does nothing and never answers",
    effect: false,
    outcome: "unknown",
    answer: { kind: "silence" },
  },
  {
    prefix: "SIM-TIMEOUT-AFTER-EFFECT",
    does: "cancels and never answers",
    effect: true,
    outcome: "unknown",
    answer: { kind: "silence" },
  },
  {
    prefix: "SIM-CONNECTION-RESET",
    does: "does nothing and resets the connection",
    effect: false,
    outcome: "unknown",
    answer: { kind: "reset" },
  },
  {
    prefix: "SIM-CONNECTION-RESET-AFTER-EFFECT",
    does: "cancels and resets the connection",
    effect: true,
    outcome: "unknown",
    answer: { kind: "reset" },
  },
  {
    prefix: "SIM-HTML",
    does: "answers with a gateway's HTML page, HTTP 502",
    effect: false,
    outcome: "unknown",
    answer: { kind: "html", httpStatus: 502 },
  },
  {
    prefix: "SIM-REFUSED-BY-GATEWAY",
    does: "answers with a gateway's HTML page, HTTP 403",
    effect: false,
    outcome: "notSent",
    answer: { kind: "html", httpStatus: 403 },
  },
  {
    prefix: "SIM-TRUNCATED",
    does: "cancels and breaks off in the middle of the answer",
    effect: true,
    outcome: "unknown",
    answer: { kind: "truncated" },
  },
  {
    prefix: "SIM-SLOW",
    does: "cancels and answers late",
    effect: true,
    outcome: "accepted",
    answer: { kind: "slow" },
  },
  {
    prefix: "SIM-DISCREPANCY",
    does: "cancels and confirms a product total that is 1 higher than asked for",
    effect: true,
    outcome: "accepted",
    answer: { kind: "discrepancy" },
  },
  {
    prefix: "SIM-LATE-EFFECT",
    does: "never answers, and cancels later",
    effect: true,
    outcome: "unknown",
    answer: { kind: "silence" },
    isLate: true,
  },
  {
    prefix: "SIM-LOOKUP-ERROR",
    does: "cancels and never answers; answers lookups with EBP-Z-0010, HTTP 500",
    effect: true,
    outcome: "unknown",
    answer: { kind: "silence" },
    lookup: error(500, "EBP-Z-0010"),
  },
  {
    prefix: "SIM-LOOKUP-HTML",
    does: "cancels and never answers; answers lookups with a gateway's HTML page, HTTP 502",
    effect: true,
    outcome: "unknown",
    answer: { kind: "silence" },
    lookup: { kind: "html", httpStatus: 502 },
  },
  {
    prefix: "SIM-WEBHOOK-LOST",
    does: "cancels and sends no webhook",
    effect: true,
    outcome: "accepted",
    answer: { kind: "usual" },
    webhooks: "lost",
  },
  {
    prefix: "SIM-WEBHOOK-DELAYED",
    does: "cancels and sends its webhooks late",
    effect: true,
    outcome: "accepted",
    answer: { kind: "usual" },
    webhooks: "delayed",
  },
  {
    prefix: "SIM-WEBHOOK-TWICE",
    does: "cancels and sends every webhook twice, byte for byte the same",
    effect: true,
    outcome: "accepted",
    answer: { kind: "usual" },
    webhooks: "twice",
  },
  {
    prefix: "SIM-WEBHOOK-REORDERED",
    does: "cancels and sends PAYMENT_CAPTURED after PAYMENT_REFUND_REQUESTED",
    effect: true,
    outcome: "accepted",
    answer: { kind: "usual" },
    webhooks: "reordered",
  },
  {
    prefix: "SIM-WEBHOOK-FORGED",
    does: "cancels and sends its webhooks signed with another secret",
    effect: true,
    outcome: "accepted",
    answer: { kind: "usual" },
    webhooks: "forged",
  },
];

const LONGEST_FIRST = [...FORCED_BEHAVIOURS].sort((a, b) => b.prefix.length - a.prefix.length);

export function forcedBehaviour(orderNo: string): ForcedBehaviour | null {
  return LONGEST_FIRST.find(({ prefix }) => orderNo.startsWith(prefix)) ?? null;
}

function error(httpStatus: number, resultCode: string): ForcedLookupAnswer {
  return { kind: "error", error: { httpStatus, resultCode } };
}
