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

/** How the webhooks about an order are sent. */
export type WebhookManner = "usual" | "lost" | "delayed" | "twice" | "reordered" | "unrequested" | "forged";

export interface ForcedBehaviour {
  /** The beginning of the order numbers that this applies to. */
  readonly prefix: string;
  /** In words, for the documentation and for `npm run simulator`. */
  readonly does: string;
  /** Whether the simulated money moves. */
  readonly effect: boolean;
  /** What a caller can conclude from the answer. */
  readonly outcome: Outcome;
  readonly answer: ForcedAnswer;
  /** The effect lands after the caller has given up. Lookups before that do not show it. */
  readonly isLate?: true;
  /** The answer to a lookup instead of the payment's details. */
  readonly lookup?: Extract<ForcedAnswer, { kind: "error" | "html" }>;
  readonly webhooks?: WebhookManner;
}

const SILENCE = { kind: "silence" } as const;
const RESET = { kind: "reset" } as const;
const html = (httpStatus: number) => ({ kind: "html", httpStatus }) as const;
const error = (httpStatus: number, resultCode: string) =>
  ({ kind: "error", error: { httpStatus, resultCode } }) as const;

type Outcome = CancelOutcome["kind"];

function cancels(
  prefix: string,
  does: string,
  outcome: Outcome,
  answer: ForcedAnswer,
  more: Partial<ForcedBehaviour> = {},
): ForcedBehaviour {
  return { prefix, does, effect: true, outcome, answer, ...more };
}

function webhooks(prefix: string, does: string, manner: WebhookManner): ForcedBehaviour {
  return cancels(prefix, does, "accepted", { kind: "usual" }, { webhooks: manner });
}

/** Without an effect. */
function idle(prefix: string, does: string, outcome: Outcome, answer: ForcedAnswer): ForcedBehaviour {
  return { prefix, does, effect: false, outcome, answer };
}

/** Order numbers that force a behaviour. If several prefixes match, the longest applies. */
export const FORCED_BEHAVIOURS: readonly ForcedBehaviour[] = [
  idle(
    "SIM-PARTIAL-BEFORE-CAPTURE",
    "refuses as a partial cancel before capture: EBP-C-0005, HTTP 400",
    "rejected",
    error(400, "EBP-C-0005"),
  ),
  idle("SIM-CANCELLATION-FAILED", "answers EBP-C-0010, HTTP 500", "rejected", error(500, "EBP-C-0010")),
  idle("SIM-AUTHENTICATION-ERROR", "answers EBP-A-0001, HTTP 400", "rejected", error(400, "EBP-A-0001")),
  idle("SIM-RETRY-RECOMMENDED", "answers EBP-C-0011, HTTP 500", "unknown", error(500, "EBP-C-0011")),
  idle("SIM-SYSTEM-CRITICAL", "answers EBP-C-0012, HTTP 500", "unknown", error(500, "EBP-C-0012")),
  idle("SIM-GATEWAY-ERROR", "answers EBP-D-0001, HTTP 200", "unknown", error(200, "EBP-D-0001")),
  cancels(
    "SIM-CANCELLATION-ERROR-AFTER-EFFECT",
    "cancels, and answers EBP-Z-0005, HTTP 500",
    "unknown",
    error(500, "EBP-Z-0005"),
  ),
  idle("SIM-TIMEOUT-BEFORE-EFFECT", "does nothing and never answers", "unknown", SILENCE),
  cancels("SIM-TIMEOUT-AFTER-EFFECT", "cancels and never answers", "unknown", SILENCE),
  idle("SIM-CONNECTION-RESET", "does nothing and resets the connection", "unknown", RESET),
  cancels("SIM-CONNECTION-RESET-AFTER-EFFECT", "cancels and resets the connection", "unknown", RESET),
  idle("SIM-HTML", "answers with a gateway's HTML page, HTTP 502", "unknown", html(502)),
  idle("SIM-REFUSED-BY-GATEWAY", "answers with a gateway's HTML page, HTTP 403", "notSent", html(403)),
  cancels("SIM-TRUNCATED", "cancels and breaks off in the middle of the answer", "unknown", {
    kind: "truncated",
  }),
  cancels("SIM-SLOW", "cancels and answers late", "accepted", { kind: "slow" }),
  cancels(
    "SIM-DISCREPANCY",
    "cancels and confirms a product total that is 1 higher than asked for",
    "accepted",
    { kind: "discrepancy" },
  ),
  cancels("SIM-LATE-EFFECT", "never answers, and cancels later", "unknown", SILENCE, { isLate: true }),
  cancels(
    "SIM-LOOKUP-ERROR",
    "cancels and never answers; answers lookups with EBP-Z-0010, HTTP 500",
    "unknown",
    SILENCE,
    { lookup: error(500, "EBP-Z-0010") },
  ),
  cancels(
    "SIM-LOOKUP-HTML",
    "cancels and never answers; answers lookups with a gateway's HTML page, HTTP 502",
    "unknown",
    SILENCE,
    { lookup: html(502) },
  ),
  webhooks("SIM-WEBHOOK-LOST", "cancels and sends no webhook", "lost"),
  webhooks("SIM-WEBHOOK-DELAYED", "cancels and sends its webhooks late", "delayed"),
  webhooks("SIM-WEBHOOK-TWICE", "cancels and sends every webhook twice, byte for byte the same", "twice"),
  webhooks(
    "SIM-WEBHOOK-REORDERED",
    "cancels and sends PAYMENT_CAPTURED after PAYMENT_REFUND_REQUESTED",
    "reordered",
  ),
  webhooks(
    "SIM-WEBHOOK-UNREQUESTED",
    "cancels and sends PAYMENT_REFUNDED without PAYMENT_REFUND_REQUESTED",
    "unrequested",
  ),
  webhooks("SIM-WEBHOOK-FORGED", "cancels and sends its webhooks signed with another secret", "forged"),
];

const LONGEST_FIRST = [...FORCED_BEHAVIOURS].sort((a, b) => b.prefix.length - a.prefix.length);

export function forcedBehaviour(orderNo: string): ForcedBehaviour | null {
  return LONGEST_FIRST.find(({ prefix }) => orderNo.startsWith(prefix)) ?? null;
}
