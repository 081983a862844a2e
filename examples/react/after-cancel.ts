import { CombinedGraphQLErrors } from "@apollo/client";
import type { NextAction } from "../generated/operations.js";
import { newDraft, type CancelDraft } from "./cancel-draft.js";

/** What every user error has. */
export interface CancelFault {
  readonly message: string;
  readonly field: readonly string[] | null;
  readonly nextAction: NextAction;
}

/** The form's draft after an answer. An action that is missing here does not compile. */
export function draftAfter(sent: CancelDraft, [fault]: readonly CancelFault[]): CancelDraft {
  // Every result but SUCCEEDED brings an error.
  if (fault === undefined) return newDraft();
  switch (fault.nextAction) {
    case "CORRECT_INPUT":
      return { ...sent, isSent: false };
    case "RETRY_NEW_KEY":
      return { ...sent, isSent: false, idempotencyKey: newDraft().idempotencyKey };
    case "RETRY_SAME_KEY":
    case "WAIT":
      return sent;
    case "RELOAD_ORDER":
    case "NONE":
      return newDraft();
  }
}

const NO_ANSWER: CancelFault = {
  message: "There was no answer. Ask again: it is the same cancel.",
  field: null,
  nextAction: "RETRY_SAME_KEY",
};

/** For a request that got no answer, or one with top-level errors. Only an invalid input surely left the key unused. */
export function faultsOf(error: unknown): readonly CancelFault[] {
  if (!CombinedGraphQLErrors.is(error)) return [NO_ANSWER];
  return error.errors.map(({ message, extensions = {} }) => {
    const { code, field = null } = extensions as { code?: string; field?: string[] };
    return { message, field, nextAction: code === "BAD_USER_INPUT" ? "CORRECT_INPUT" : "RETRY_SAME_KEY" };
  });
}
