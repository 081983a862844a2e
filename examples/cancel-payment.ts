import type { Client } from "./client.js";
import { CancelPaymentDocument, type CancelPaymentInput } from "./generated/operations.js";

/** What a screen does after a cancel was requested. */
export type NextStep =
  | { readonly do: "tell the customer"; readonly returnRequestId: string | null }
  | {
      readonly do: "show what is wrong";
      readonly faults: readonly { readonly field: string; readonly message: string }[];
    }
  | { readonly do: "reload the order"; readonly message: string }
  /** Never again with another key. */
  | { readonly do: "wait for the outcome"; readonly message: string }
  | { readonly do: "offer to try again with a new key"; readonly message: string };

/**
 * One press of the button. The key is made when the form is opened, and kept with it: whoever presses twice, or reloads the page,
 * requests the same cancel. After an answer that did not come, call it again with the very same input.
 */
export async function cancelPayment(client: Client, input: CancelPaymentInput): Promise<NextStep> {
  const { cancelPayment: payload } = await client.request(CancelPaymentDocument, { input });
  const [error] = payload.userErrors;
  // Every result but SUCCEEDED brings an error: no other field has to be looked at.
  if (error === undefined)
    return { do: "tell the customer", returnRequestId: payload.cancellation?.returnRequestId ?? null };
  const { message } = error;
  // An action that is missing here does not compile.
  switch (error.nextAction) {
    case "CORRECT_INPUT":
      return {
        do: "show what is wrong",
        faults: payload.userErrors.map((each) => ({
          field: each.field?.join(".") ?? "",
          message: each.message,
        })),
      };
    case "RELOAD_ORDER":
      return { do: "reload the order", message };
    case "WAIT":
    case "RETRY_SAME_KEY":
    case "NONE":
      return { do: "wait for the outcome", message };
    case "RETRY_NEW_KEY":
      return { do: "offer to try again with a new key", message };
  }
}
