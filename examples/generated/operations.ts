// Made by `npm run examples:generate` from schema.graphql and examples/operations. Do not edit.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> =
  T | { [P in keyof T]?: P extends " $fragmentName" | "__typename" ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from "@graphql-typed-document-node/core";
/** One line of the order to cancel. */
export type CancelItemInput = {
  /** The amount to cancel, zero or more, with at most as many decimal places as the currency has. Per unit or for the whole line, depending on the store's amount basis. */
  amount: string;
  /** The item's id in the order, 1 to 100 characters. */
  itemId: string;
  /** The kind of line. */
  itemType: ItemType;
  /** Units to cancel, 1 to 1 000 000. */
  quantity: number;
  /** Line number within the order, zero or more; different for each item. */
  seq: number;
  /** The tax included in `amount`, on the same basis. */
  taxAmount?: string | null | undefined;
};

/** A request to cancel a payment: the whole order, some of its items, or part of an item's amount. */
export type CancelPaymentInput = {
  /** The total that you believe is already cancelled on this order. If the actual total differs, nothing is sent and you get CancelledTotalChangedError with the current total. */
  expectedCancelledTotal?: string | null | undefined;
  /** 1 to 255 characters, chosen by you: one key for each cancel that you intend. Within a store, a key belongs to one request forever; repeating that request returns its cancellation. */
  idempotencyKey: string;
  /** What to cancel, 1 to 500 lines. */
  items: Array<CancelItemInput>;
  /** A note, up to 2 000 characters. Stored here, not sent to EBP. */
  note?: string | null | undefined;
  /** The order, 1 to 100 characters. */
  orderNo: string;
  /** The reason, up to 500 characters. Stored here, not sent to EBP. */
  reason?: string | null | undefined;
  /** The bank account for the refund, if it needs one. */
  refundAccount?: RefundAccountInput | null | undefined;
  /** The EBP store. Optional if you can act for exactly one. */
  storeId?: string | number | null | undefined;
  /** The total to cancel, more than zero. It must be the sum of the items under the store's amount basis. */
  totalCancelAmount: string;
};

/** Conditions on cancellations; all of them must hold. Conditions that exclude each other are an error. */
export type CancellationFilter = {
  /** With this total or more. Only for stores with the same currency. */
  amountFrom?: string | null | undefined;
  /** With this total or less. Only for stores with the same currency. */
  amountTo?: string | null | undefined;
  /** Created before this time. */
  createdBefore?: string | null | undefined;
  /** Created at this time or later. */
  createdFrom?: string | null | undefined;
  /** Only those whose `failure` has this result code. */
  failureCode?: string | null | undefined;
  /** True: only those with `discrepancies`. False: only those without. */
  hasDiscrepancies?: boolean | null | undefined;
  /** Only the one with this key; if you search several stores, the one in each. */
  idempotencyKey?: string | null | undefined;
  /** UNKNOWN for more seconds than this, by the database's clock. */
  inDoubtLongerThanSeconds?: number | null | undefined;
  /** Only those with a line of this item. */
  itemId?: string | null | undefined;
  /** Only those with a line of this kind; together with `itemId`, with a line that matches both. */
  itemType?: ItemType | null | undefined;
  /** Only this order. */
  orderNo?: string | null | undefined;
  /** Only orders whose number begins with this text of at least 3 characters. */
  orderNoPrefix?: string | null | undefined;
  /** Only those with exactly this reason. */
  reason?: string | null | undefined;
  /** Only the one whose answer from EBP has this tracking id. */
  requestId?: string | null | undefined;
  /** Only those requested by this caller: the `sub` of its token. */
  requestedBy?: string | null | undefined;
  /** Decided before this time. */
  resolvedBefore?: string | null | undefined;
  /** Only those decided by evidence from this source. */
  resolvedBy?: ResolvedBy | null | undefined;
  /** Decided at this time or later. */
  resolvedFrom?: string | null | undefined;
  /** Only the one with this id of EBP's return request. */
  returnRequestId?: string | null | undefined;
  /** Only those with this `settlement`. */
  settlement?: Settlement | null | undefined;
  /** Only these statuses. */
  statuses?: Array<CancellationStatus> | null | undefined;
  /** Only these stores; all of yours by default. */
  storeIds?: Array<string | number> | null | undefined;
};

/** How to sort a history. Newest first by default. */
export type CancellationOrder = {
  /** Which end comes first. */
  direction?: OrderDirection;
  /** What to sort by. */
  field: CancellationOrderField;
};

/** What a history can be sorted by. Ties are sorted by creation time. */
export type CancellationOrderField =
  /** When the cancel was requested. */
  | "CREATED_AT"
  /** When it was decided. Lists only SUCCEEDED and FAILED cancellations. */
  | "RESOLVED_AT"
  /** The requested total. Only for stores with the same currency. */
  | "TOTAL_CANCEL_AMOUNT";

/** What is known about whether money moved. */
export type CancellationStatus =
  /** Proven: nothing was cancelled. */
  | "FAILED"
  /** Recorded; it is being sent, or about to be. */
  | "PENDING"
  /** Proven: EBP accepted the cancel. */
  | "SUCCEEDED"
  /** It may have been sent, and it is not known yet whether money moved. It is never sent again; evidence will decide it. */
  | "UNKNOWN";

/** Why an input is invalid. Also in `extensions.reason` of top-level errors about arguments. */
export type InvalidInputReason =
  /** It is empty, or has only spaces. */
  | "BLANK"
  /** A value that must be unique is repeated. */
  | "DUPLICATE"
  /** It contains characters that are not allowed. */
  | "INVALID_CHARACTERS"
  /** It is not written as its type requires, such as letters in a number. */
  | "INVALID_FORMAT"
  /** It contradicts another input. */
  | "MISMATCH"
  /** The value, or its combination with others, is not allowed. */
  | "NOT_ALLOWED"
  /** What it names does not exist, or is not yours. */
  | "NOT_FOUND"
  /** The number is less than `min` or more than `max`. */
  | "OUT_OF_RANGE"
  /** It is missing. */
  | "REQUIRED"
  /** It has more characters or items than `max`. */
  | "TOO_LONG"
  /** It has more decimal places than the currency: more than `max`. */
  | "TOO_MANY_DECIMALS"
  /** It has fewer characters or items than `min`. */
  | "TOO_SHORT";

/** The kind of an order line, as EBP defines it. */
export type ItemType =
  /** A shipping fee; not counted as a product. */
  | "DELIVERY"
  /** Software, e-gift cards. */
  | "DIGITAL"
  /** Goods. */
  | "PHYSICAL"
  /** Installation, haul-away. */
  | "SERVICE"
  /** Rental, care plans. */
  | "SUBSCRIPTION";

/** What to do after an error. Also in `extensions.nextAction` of top-level errors. */
export type NextAction =
  /** Correct the input and send it again. The same key may be used. */
  | "CORRECT_INPUT"
  /** There is nothing to do. */
  | "NONE"
  /** Read the order again, and let a person decide whether to cancel anything else. */
  | "RELOAD_ORDER"
  /** Nothing was cancelled. Send a new request with a new key; after a rejection by EBP, once its cause is removed. */
  | "RETRY_NEW_KEY"
  /** Send exactly the same request again, with the same key. It is never sent to EBP a second time. */
  | "RETRY_SAME_KEY"
  /** Do not send another cancel. Read the cancellation again later, or follow it. */
  | "WAIT";

/** Which end comes first. */
export type OrderDirection =
  /** The oldest, or the smallest, first. When you sort by time across orders, the last 12 seconds are left out, so that a reader who continues from the last cursor misses nothing. */
  | "ASC"
  /** The newest, or the largest, first. */
  | "DESC";

/** The bank account for a refund that cannot go back to the payment method. Stored encrypted, only ever shown masked. */
export type RefundAccountInput = {
  /** The name of the account's holder, 1 to 100 characters. */
  accountHolderName?: string | null | undefined;
  /** 4 to 34 letters or digits. Spaces and hyphens are removed; leading zeros are kept. */
  accountNumber: string;
  /** The bank's code, such as "001". */
  bankCode?: string | null | undefined;
};

/** What kind of evidence decided a cancellation. */
export type ResolvedBy =
  /** EBP's payment details, looked up later. */
  | "LOOKUP"
  /** A person, who left a note. */
  | "OPERATOR"
  /** EBP's answer to the cancel, or the fact that it was never sent. */
  | "RESPONSE"
  /** A signed webhook from EBP. */
  | "WEBHOOK";

/** What EBP has reported since a cancel succeeded. */
export type Settlement =
  /** Nothing yet. */
  | "AWAITED"
  /** The refund of a captured payment was carried out. */
  | "REFUNDED"
  /** The refund of a captured payment was accepted. The money is on its way. */
  | "REFUND_REQUESTED"
  /** The payment was voided before capture. */
  | "VOIDED";

/** The kind of a user error. */
export type UserErrorCode =
  /** The total is not the sum of the items. */
  | "AMOUNT_MISMATCH"
  /** Somebody else has cancelled on this order meanwhile. */
  | "CANCELLED_TOTAL_CHANGED"
  /** A cancel of this order is not decided yet. */
  | "CANCEL_IN_PROGRESS"
  /** The key was used for another request. */
  | "IDEMPOTENCY_KEY_REUSED"
  /** A field of the input is invalid. */
  | "INVALID_INPUT"
  /** The outcome was unknown, and it is now proven that nothing was cancelled. */
  | "NOT_CANCELLED"
  /** The cancellation is not UNKNOWN, so an operator cannot decide it. */
  | "NOT_IN_DOUBT"
  /** The cancel did not reach EBP. Nothing was cancelled. */
  | "NOT_SENT"
  /** There are obstacles to deciding that it has FAILED. */
  | "NOT_YET_FAILED"
  /** It is not known whether money moved. */
  | "OUTCOME_UNKNOWN"
  /** EBP rejected the cancel. Nothing was cancelled. */
  | "REJECTED_BY_EBP";

export type CancelPaymentMutationVariables = Exact<{
  input: CancelPaymentInput;
}>;

export type CancelPaymentMutation = {
  cancelPayment: {
    replayed: boolean;
    cancellation: {
      id: string;
      status: CancellationStatus;
      safeToRetry: boolean;
      returnRequestId: string | null;
      totalCancelAmount: string;
      currencyCode: string;
    } | null;
    userErrors: Array<
      | {
          __typename: "AmountMismatchError";
          statedTotal: string;
          computedTotal: string;
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "CancelInProgressError";
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "CancelledTotalChangedError";
          expectedTotal: string;
          currentTotal: string;
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "IdempotencyKeyReusedError";
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "InvalidInputError";
          reason: InvalidInputReason;
          min: string | null;
          max: string | null;
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "NotCancelledError";
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "NotSentError";
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "OutcomeUnknownError";
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
      | {
          __typename: "RejectedByEbpError";
          resultCode: string | null;
          ebpMessage: string | null;
          code: UserErrorCode;
          message: string;
          field: Array<string> | null;
          nextAction: NextAction;
        }
    >;
  };
};

export type CancellationListQueryVariables = Exact<{
  filter?: CancellationFilter | null | undefined;
  orderBy?: CancellationOrder | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;

export type CancellationListQuery = {
  cancellations: {
    edges: Array<{
      cursor: string;
      node: {
        id: string;
        orderNo: string;
        status: CancellationStatus;
        settlement: Settlement | null;
        totalCancelAmount: string;
        currencyCode: string;
        createdAt: string;
      };
    }>;
    pageInfo: {
      startCursor: string | null;
      endCursor: string | null;
      hasNextPage: boolean;
      hasPreviousPage: boolean;
    };
  };
};

export type CancellationLineFragment = {
  id: string;
  orderNo: string;
  status: CancellationStatus;
  settlement: Settlement | null;
  totalCancelAmount: string;
  currencyCode: string;
  createdAt: string;
};

export type LiveOrderQueryVariables = Exact<{
  orderNo: string;
}>;

export type LiveOrderQuery = {
  order: {
    id: string;
    orderNo: string;
    currencyCode: string;
    cancelledTotal: string | null;
    inDoubtTotal: string | null;
    cancellations: {
      edges: Array<{
        cursor: string;
        node: {
          id: string;
          orderNo: string;
          status: CancellationStatus;
          settlement: Settlement | null;
          totalCancelAmount: string;
          currencyCode: string;
          createdAt: string;
        };
      }>;
      pageInfo: {
        startCursor: string | null;
        endCursor: string | null;
        hasNextPage: boolean;
        hasPreviousPage: boolean;
      };
    } | null;
  } | null;
};

export type OrderChangedSubscriptionVariables = Exact<{
  orderNo: string;
}>;

export type OrderChangedSubscription = { cancellationChanged: { id: string } };

export type OrderOverviewFragment = {
  id: string;
  orderNo: string;
  currencyCode: string;
  cancelledTotal: string | null;
  inDoubtTotal: string | null;
  cancellations: {
    edges: Array<{
      cursor: string;
      node: {
        id: string;
        orderNo: string;
        status: CancellationStatus;
        settlement: Settlement | null;
        totalCancelAmount: string;
        currencyCode: string;
        createdAt: string;
      };
    }>;
    pageInfo: {
      startCursor: string | null;
      endCursor: string | null;
      hasNextPage: boolean;
      hasPreviousPage: boolean;
    };
  } | null;
};

export const CancellationLineFragmentDoc = {
  kind: "Document",
  definitions: [
    {
      kind: "FragmentDefinition",
      name: { kind: "Name", value: "CancellationLine" },
      typeCondition: { kind: "NamedType", name: { kind: "Name", value: "Cancellation" } },
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          { kind: "Field", name: { kind: "Name", value: "id" } },
          { kind: "Field", name: { kind: "Name", value: "orderNo" } },
          { kind: "Field", name: { kind: "Name", value: "status" } },
          { kind: "Field", name: { kind: "Name", value: "settlement" } },
          { kind: "Field", name: { kind: "Name", value: "totalCancelAmount" } },
          { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
          { kind: "Field", name: { kind: "Name", value: "createdAt" } },
        ],
      },
    },
  ],
} as unknown as DocumentNode<CancellationLineFragment, unknown>;
export const OrderOverviewFragmentDoc = {
  kind: "Document",
  definitions: [
    {
      kind: "FragmentDefinition",
      name: { kind: "Name", value: "OrderOverview" },
      typeCondition: { kind: "NamedType", name: { kind: "Name", value: "Order" } },
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          { kind: "Field", name: { kind: "Name", value: "id" } },
          { kind: "Field", name: { kind: "Name", value: "orderNo" } },
          { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
          { kind: "Field", name: { kind: "Name", value: "cancelledTotal" } },
          { kind: "Field", name: { kind: "Name", value: "inDoubtTotal" } },
          {
            kind: "Field",
            name: { kind: "Name", value: "cancellations" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "first" },
                value: { kind: "IntValue", value: "20" },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [
                {
                  kind: "Field",
                  name: { kind: "Name", value: "edges" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "cursor" } },
                      {
                        kind: "Field",
                        name: { kind: "Name", value: "node" },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "FragmentSpread", name: { kind: "Name", value: "CancellationLine" } },
                          ],
                        },
                      },
                    ],
                  },
                },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "pageInfo" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "startCursor" } },
                      { kind: "Field", name: { kind: "Name", value: "endCursor" } },
                      { kind: "Field", name: { kind: "Name", value: "hasNextPage" } },
                      { kind: "Field", name: { kind: "Name", value: "hasPreviousPage" } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: "FragmentDefinition",
      name: { kind: "Name", value: "CancellationLine" },
      typeCondition: { kind: "NamedType", name: { kind: "Name", value: "Cancellation" } },
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          { kind: "Field", name: { kind: "Name", value: "id" } },
          { kind: "Field", name: { kind: "Name", value: "orderNo" } },
          { kind: "Field", name: { kind: "Name", value: "status" } },
          { kind: "Field", name: { kind: "Name", value: "settlement" } },
          { kind: "Field", name: { kind: "Name", value: "totalCancelAmount" } },
          { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
          { kind: "Field", name: { kind: "Name", value: "createdAt" } },
        ],
      },
    },
  ],
} as unknown as DocumentNode<OrderOverviewFragment, unknown>;
export const CancelPaymentDocument = {
  kind: "Document",
  definitions: [
    {
      kind: "OperationDefinition",
      operation: "mutation",
      name: { kind: "Name", value: "CancelPayment" },
      variableDefinitions: [
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "input" } },
          type: {
            kind: "NonNullType",
            type: { kind: "NamedType", name: { kind: "Name", value: "CancelPaymentInput" } },
          },
        },
      ],
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          {
            kind: "Field",
            name: { kind: "Name", value: "cancelPayment" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "input" },
                value: { kind: "Variable", name: { kind: "Name", value: "input" } },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [
                { kind: "Field", name: { kind: "Name", value: "replayed" } },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "cancellation" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "id" } },
                      { kind: "Field", name: { kind: "Name", value: "status" } },
                      { kind: "Field", name: { kind: "Name", value: "safeToRetry" } },
                      { kind: "Field", name: { kind: "Name", value: "returnRequestId" } },
                      { kind: "Field", name: { kind: "Name", value: "totalCancelAmount" } },
                      { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
                    ],
                  },
                },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "userErrors" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "__typename" } },
                      { kind: "Field", name: { kind: "Name", value: "code" } },
                      { kind: "Field", name: { kind: "Name", value: "message" } },
                      { kind: "Field", name: { kind: "Name", value: "field" } },
                      { kind: "Field", name: { kind: "Name", value: "nextAction" } },
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "InvalidInputError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "Field", name: { kind: "Name", value: "reason" } },
                            { kind: "Field", name: { kind: "Name", value: "min" } },
                            { kind: "Field", name: { kind: "Name", value: "max" } },
                          ],
                        },
                      },
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "AmountMismatchError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "Field", name: { kind: "Name", value: "statedTotal" } },
                            { kind: "Field", name: { kind: "Name", value: "computedTotal" } },
                          ],
                        },
                      },
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "CancelledTotalChangedError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "Field", name: { kind: "Name", value: "expectedTotal" } },
                            { kind: "Field", name: { kind: "Name", value: "currentTotal" } },
                          ],
                        },
                      },
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "RejectedByEbpError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "Field", name: { kind: "Name", value: "resultCode" } },
                            { kind: "Field", name: { kind: "Name", value: "ebpMessage" } },
                          ],
                        },
                      },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<CancelPaymentMutation, CancelPaymentMutationVariables>;
export const CancellationListDocument = {
  kind: "Document",
  definitions: [
    {
      kind: "OperationDefinition",
      operation: "query",
      name: { kind: "Name", value: "CancellationList" },
      variableDefinitions: [
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "filter" } },
          type: { kind: "NamedType", name: { kind: "Name", value: "CancellationFilter" } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "orderBy" } },
          type: { kind: "NamedType", name: { kind: "Name", value: "CancellationOrder" } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "first" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "Int" } } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "after" } },
          type: { kind: "NamedType", name: { kind: "Name", value: "String" } },
        },
      ],
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          {
            kind: "Field",
            name: { kind: "Name", value: "cancellations" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "filter" },
                value: { kind: "Variable", name: { kind: "Name", value: "filter" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "orderBy" },
                value: { kind: "Variable", name: { kind: "Name", value: "orderBy" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "first" },
                value: { kind: "Variable", name: { kind: "Name", value: "first" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "after" },
                value: { kind: "Variable", name: { kind: "Name", value: "after" } },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [
                {
                  kind: "Field",
                  name: { kind: "Name", value: "edges" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "cursor" } },
                      {
                        kind: "Field",
                        name: { kind: "Name", value: "node" },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "FragmentSpread", name: { kind: "Name", value: "CancellationLine" } },
                          ],
                        },
                      },
                    ],
                  },
                },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "pageInfo" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "startCursor" } },
                      { kind: "Field", name: { kind: "Name", value: "endCursor" } },
                      { kind: "Field", name: { kind: "Name", value: "hasNextPage" } },
                      { kind: "Field", name: { kind: "Name", value: "hasPreviousPage" } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
    {
      kind: "FragmentDefinition",
      name: { kind: "Name", value: "CancellationLine" },
      typeCondition: { kind: "NamedType", name: { kind: "Name", value: "Cancellation" } },
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          { kind: "Field", name: { kind: "Name", value: "id" } },
          { kind: "Field", name: { kind: "Name", value: "orderNo" } },
          { kind: "Field", name: { kind: "Name", value: "status" } },
          { kind: "Field", name: { kind: "Name", value: "settlement" } },
          { kind: "Field", name: { kind: "Name", value: "totalCancelAmount" } },
          { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
          { kind: "Field", name: { kind: "Name", value: "createdAt" } },
        ],
      },
    },
  ],
} as unknown as DocumentNode<CancellationListQuery, CancellationListQueryVariables>;
export const LiveOrderDocument = {
  kind: "Document",
  definitions: [
    {
      kind: "OperationDefinition",
      operation: "query",
      name: { kind: "Name", value: "LiveOrder" },
      variableDefinitions: [
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "orderNo" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "String" } } },
        },
      ],
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          {
            kind: "Field",
            name: { kind: "Name", value: "order" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "orderNo" },
                value: { kind: "Variable", name: { kind: "Name", value: "orderNo" } },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [{ kind: "FragmentSpread", name: { kind: "Name", value: "OrderOverview" } }],
            },
          },
        ],
      },
    },
    {
      kind: "FragmentDefinition",
      name: { kind: "Name", value: "CancellationLine" },
      typeCondition: { kind: "NamedType", name: { kind: "Name", value: "Cancellation" } },
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          { kind: "Field", name: { kind: "Name", value: "id" } },
          { kind: "Field", name: { kind: "Name", value: "orderNo" } },
          { kind: "Field", name: { kind: "Name", value: "status" } },
          { kind: "Field", name: { kind: "Name", value: "settlement" } },
          { kind: "Field", name: { kind: "Name", value: "totalCancelAmount" } },
          { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
          { kind: "Field", name: { kind: "Name", value: "createdAt" } },
        ],
      },
    },
    {
      kind: "FragmentDefinition",
      name: { kind: "Name", value: "OrderOverview" },
      typeCondition: { kind: "NamedType", name: { kind: "Name", value: "Order" } },
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          { kind: "Field", name: { kind: "Name", value: "id" } },
          { kind: "Field", name: { kind: "Name", value: "orderNo" } },
          { kind: "Field", name: { kind: "Name", value: "currencyCode" } },
          { kind: "Field", name: { kind: "Name", value: "cancelledTotal" } },
          { kind: "Field", name: { kind: "Name", value: "inDoubtTotal" } },
          {
            kind: "Field",
            name: { kind: "Name", value: "cancellations" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "first" },
                value: { kind: "IntValue", value: "20" },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [
                {
                  kind: "Field",
                  name: { kind: "Name", value: "edges" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "cursor" } },
                      {
                        kind: "Field",
                        name: { kind: "Name", value: "node" },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "FragmentSpread", name: { kind: "Name", value: "CancellationLine" } },
                          ],
                        },
                      },
                    ],
                  },
                },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "pageInfo" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "startCursor" } },
                      { kind: "Field", name: { kind: "Name", value: "endCursor" } },
                      { kind: "Field", name: { kind: "Name", value: "hasNextPage" } },
                      { kind: "Field", name: { kind: "Name", value: "hasPreviousPage" } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<LiveOrderQuery, LiveOrderQueryVariables>;
export const OrderChangedDocument = {
  kind: "Document",
  definitions: [
    {
      kind: "OperationDefinition",
      operation: "subscription",
      name: { kind: "Name", value: "OrderChanged" },
      variableDefinitions: [
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "orderNo" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "String" } } },
        },
      ],
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          {
            kind: "Field",
            name: { kind: "Name", value: "cancellationChanged" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "orderNo" },
                value: { kind: "Variable", name: { kind: "Name", value: "orderNo" } },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [{ kind: "Field", name: { kind: "Name", value: "id" } }],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<OrderChangedSubscription, OrderChangedSubscriptionVariables>;
