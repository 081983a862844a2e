import type { WebhookConclusion } from "../../src/cancellation/model/webhook-inbox.js";
import { ASKED_AT } from "./cancellations.js";

/** So many milliseconds after cancellations made in tests were asked for. */
export const after = (ms: number): Date => new Date(ASKED_AT.getTime() + ms);

/** What was told to whom, in words that do not depend on any order. */
export function inWords(conclusion: WebhookConclusion | null): unknown {
  if (conclusion === null) return "waiting";
  const told = conclusion.told.map((one) => ({
    id: one.cancellation.id,
    ...("transition" in one
      ? { to: one.transition.to, settlement: one.transition.settlement }
      : { settlement: one.finding.settlement, discrepancies: one.finding.discrepancies }),
  }));
  return { state: conclusion.state, told: told.sort((a, b) => a.id.localeCompare(b.id)) };
}
