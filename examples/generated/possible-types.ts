// Made by `npm run examples:generate` from schema.graphql and examples/operations. Do not edit.

export interface PossibleTypesResultData {
  possibleTypes: {
    [key: string]: string[];
  };
}
const result: PossibleTypesResultData = {
  possibleTypes: {
    CancelPaymentError: [
      "AmountMismatchError",
      "CancelInProgressError",
      "CancelledTotalChangedError",
      "IdempotencyKeyReusedError",
      "InvalidInputError",
      "NotCancelledError",
      "NotSentError",
      "OutcomeUnknownError",
      "RejectedByEbpError",
    ],
    Node: ["Cancellation", "Order"],
    OperatorError: [
      "CancelInProgressError",
      "InvalidInputError",
      "NotCancelledError",
      "NotInDoubtError",
      "NotSentError",
      "NotYetFailedError",
      "OutcomeUnknownError",
      "RejectedByEbpError",
    ],
    UserError: [
      "AmountMismatchError",
      "CancelInProgressError",
      "CancelledTotalChangedError",
      "IdempotencyKeyReusedError",
      "InvalidInputError",
      "NotCancelledError",
      "NotInDoubtError",
      "NotSentError",
      "NotYetFailedError",
      "OutcomeUnknownError",
      "RejectedByEbpError",
    ],
  },
};
export default result;
