import type { Client } from "./client.js";
import { CancelPaymentDocument, type CancelPaymentInput } from "./generated/operations.js";

/** What a screen does after a cancel was asked for. */
export type NextStep =
  | { readonly do: "tell the customer"; readonly returnRequestId: string | null }
  | {
      readonly do: "show what is wrong";
      readonly faults: readonly { readonly field: string; readonly message: string }[];
    }
  | { readonly do: "load the order anew"; readonly message: string }
  /** Never again under another key. */
  | { readonly do: "wait for this one"; readonly cancellationId: string }
  | { readonly do: "offer to try again with a new key"; readonly message: string };

/**
 * One press of the button. The key is made when the form is opened, and kept with it: whoever presses twice, or loads the page anew,
 * asks for the same cancel. After an answer that did not come, call it again with the very same input.
 */
export async function cancelPayment(client: Client, input: CancelPaymentInput): Promise<NextStep> {
  const { cancelPayment: payload } = await client.request(CancelPaymentDocument, { input });
  const [error, ...others] = payload.userErrors;
  // Every result but SUCCEEDED brings an error: no other field has to be looked at.
  if (error === undefined) {
    return { do: "tell the customer", returnRequestId: payload.cancellation?.returnRequestId ?? null };
  }
  switch (error.__typename) {
    case "InvalidInputError":
    case "AmountMismatchError":
      return {
        do: "show what is wrong",
        faults: [error, ...others].map(({ field, message }) => ({ field: field ?? "", message })),
      };
    case "IdempotencyKeyReusedError":
    case "CancelledTotalChangedError":
      return { do: "load the order anew", message: error.message };
    case "CancelInProgressError":
    case "OutcomeUnknownError":
      return { do: "wait for this one", cancellationId: error.cancellationId };
    case "NotSentError":
    case "NotCancelledError":
      return { do: "offer to try again with a new key", message: error.message };
    case "RejectedByEbpError":
      return {
        do: "show what is wrong",
        faults: [{ field: "", message: error.ebpMessage ?? error.message }],
      };
    case "NotInDoubtError":
    case "NotYetFailedError":
      throw new Error("a cancel is not answered with this");
  }
}
