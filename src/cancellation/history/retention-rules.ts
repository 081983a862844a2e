import { InvalidArgumentError } from "../model/errors.js";
import type { WebhookConclusion, WebhookKind } from "../model/webhook-inbox.js";

/**
 * A year is closed with its figures at hand, and a payment may be disputed for long: 13 months is the longest that we know a payer to
 * have by law (the EU's PSD2, article 71). Until then whoever asks finds all of it by itself.
 */
export const LEAST_MONTHS_KEPT = 13;

/** Whether what is older than so many months may be moved to an archive. */
export function areMonthsEnough(months: number): boolean {
  return Number.isInteger(months) && months >= LEAST_MONTHS_KEPT;
}

/** @throws InvalidArgumentError when something would be removed that must still be here. */
export function assertMonthsEnough(field: string, months: number): void {
  if (areMonthsEnough(months)) return;
  throw new InvalidArgumentError(field, `whole months, at least ${LEAST_MONTHS_KEPT}`, String(months));
}

/**
 * Webhooks of which not even the row has to stay: from such a one nothing follows, whatever else comes in. Not so from one that is IGNORED
 * alone: captures are, and tell how much there is to cancel; and so is an event told of in another body, which must stay the same event if
 * that body comes again.
 */
export const WEBHOOKS_THAT_CAN_GO: readonly WebhookThatCanGo[] = [{ kind: "OTHER", state: "IGNORED" }];

interface WebhookThatCanGo {
  readonly kind: WebhookKind;
  readonly state: WebhookConclusion["state"];
}
