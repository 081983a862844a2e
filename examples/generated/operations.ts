// Made by `npm run examples:generate` from schema.graphql and examples/operations. Do not edit.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> =
  T | { [P in keyof T]?: P extends " $fragmentName" | "__typename" ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from "@graphql-typed-document-node/core";
/** One line of the order to cancel. */
export type CancelItemInput = {
  /** The amount to cancel, zero or more, no finer than the currency's smallest unit. Per unit or per line, as the store's amount basis says. */
  amount: string;
  /** The item's id in the order, 1 to 100 characters. */
  itemId: string;
  /** The kind of line. */
  itemType: ItemType;
  /** Units to cancel, 1 to 1 000 000. */
  quantity: number;
  /** Line number within the order, zero or more; no two items share one. */
  seq: number;
  /** The tax in `amount`, on the same basis. */
  taxAmount?: string | null | undefined;
};

/** A request to cancel a payment: the whole order, some items, or an amount of an item. */
export type CancelPaymentInput = {
  /** What you believe is already cancelled on this order. When it is not so, nothing is sent and CancelledTotalChangedError tells what is. */
  expectedCancelledTotal?: string | null | undefined;
  /** 1 to 255 characters, chosen by the caller: one key per intention. Within a store a key stands for one request for ever; the same request again gets the first one's cancellation. */
  idempotencyKey: string;
  /** What to cancel, 1 to 500 lines. */
  items: Array<CancelItemInput>;
  /** A note, up to 2 000 characters. Kept here, not sent to EBP. */
  note?: string | null | undefined;
  /** The order, 1 to 100 characters. */
  orderNo: string;
  /** Why, up to 500 characters. Kept here, not sent to EBP. */
  reason?: string | null | undefined;
  /** Where a refund may go. */
  refundAccount?: RefundAccountInput | null | undefined;
  /** The EBP store. May be left out by a caller who can act for exactly one. */
  storeId?: string | null | undefined;
  /** More than zero; must agree with the items under the store's amount basis. */
  totalCancelAmount: string;
};

/** Which cancellations. Every condition given must hold; conditions that exclude each other are an error. */
export type CancellationFilter = {
  /** Of this total or more. For stores of one currency only. */
  amountFrom?: string | null | undefined;
  /** Of this total or less. For stores of one currency only. */
  amountTo?: string | null | undefined;
  /** Created before this moment. */
  createdBefore?: string | null | undefined;
  /** Created at this moment or later. */
  createdFrom?: string | null | undefined;
  /** Only those whose `failure` has this result code of EBP. */
  failureCode?: string | null | undefined;
  /** True: only those with `discrepancies`. False: only those without. */
  hasDiscrepancies?: boolean | null | undefined;
  /** Only the one with this key; of several stores, the one in each. */
  idempotencyKey?: string | null | undefined;
  /** UNKNOWN now, and for more seconds than this, by the database's clock. */
  inDoubtLongerThanSeconds?: number | null | undefined;
  /** Only those with a line of this item. */
  itemId?: string | null | undefined;
  /** Only those with a line of this kind; with `itemId`, with one line that is of both. */
  itemType?: ItemType | null | undefined;
  /** Only this order. */
  orderNo?: string | null | undefined;
  /** Only orders whose number begins with this, of 3 characters or more. */
  orderNoPrefix?: string | null | undefined;
  /** Only those asked for with this reason, word for word. */
  reason?: string | null | undefined;
  /** Only the one with EBP's tracking id of its answer. */
  requestId?: string | null | undefined;
  /** Only those asked for by this caller: `sub` of its token. */
  requestedBy?: string | null | undefined;
  /** Decided before this moment. */
  resolvedBefore?: string | null | undefined;
  /** Only those decided by this kind of evidence. */
  resolvedBy?: ResolvedBy | null | undefined;
  /** Decided at this moment or later. */
  resolvedFrom?: string | null | undefined;
  /** Only the one with EBP's id of the return request. */
  returnRequestId?: string | null | undefined;
  /** Only those whose `settlement` is this. */
  settlement?: Settlement | null | undefined;
  /** Only these states. */
  status?: Array<CancellationStatus> | null | undefined;
  /** Only these stores; all of the caller's when left out. */
  storeId?: Array<string> | null | undefined;
};

/** The order of a history. Newest first when left out. */
export type CancellationOrder = {
  /** Which end comes first. */
  direction: OrderDirection;
  /** What to order by. */
  field: CancellationOrderField;
};

/** What a history can be ordered by. Among equals, what was asked for first is the smaller. */
export type CancellationOrderField =
  /** When the cancel was asked for. */
  | "CREATED_AT"
  /** When it was decided. Lists only what has been: PENDING and UNKNOWN have no place in it. */
  | "RESOLVED_AT"
  /** The total asked for. For stores of one currency only. */
  | "TOTAL_CANCEL_AMOUNT";

/** What is known of a cancellation. */
export type CancellationStatus =
  /** Proven: nothing was cancelled. */
  | "FAILED"
  /** The intent is committed; the one send may be under way. */
  | "PENDING"
  /** Proven: EBP accepted the cancel. */
  | "SUCCEEDED"
  /** Perhaps sent, and nothing proves yet whether money moved. Never sent again; decided by evidence only. */
  | "UNKNOWN";

/** EBP's kinds of order lines. */
export type ItemType =
  /** A shipping fee; summed apart from the products. */
  | "DELIVERY"
  /** Software, e-gift cards. */
  | "DIGITAL"
  /** Goods. */
  | "PHYSICAL"
  /** Installation, haul-away. */
  | "SERVICE"
  /** Rental, care plans. */
  | "SUBSCRIPTION";

/** Which end comes first. */
export type OrderDirection =
  /** The oldest, or the smallest, first. */
  | "ASC"
  /** The newest, or the largest, first. */
  | "DESC";

/** Bank account for a refund that cannot go back to the instrument. Kept encrypted; shown masked only. */
export type RefundAccountInput = {
  /** Name of the account's holder, 1 to 100 characters. */
  accountHolderName?: string | null | undefined;
  /** 4 to 34 letters or digits; spaces and hyphens are taken out, leading zeros stay. */
  accountNumber: string;
  /** The bank's code, such as "001". */
  bankCode?: string | null | undefined;
};

/** What brought the evidence that decided a cancellation. */
export type ResolvedBy =
  /** EBP's payment details, read later. */
  | "LOOKUP"
  /** A person, with a note. */
  | "OPERATOR"
  /** EBP's answer to the cancel, or the fact that it never left. */
  | "RESPONSE"
  /** A signed event from EBP. */
  | "WEBHOOK";

/** What EBP has told since a cancel succeeded. */
export type Settlement =
  /** Nothing yet. */
  | "AWAITED"
  /** The refund of a captured payment was accepted. */
  | "REFUND_REQUESTED"
  /** The payment was voided before capture. */
  | "VOIDED";

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
          expected: string;
          actual: string;
          code: string;
          message: string;
          field: string | null;
        }
      | {
          __typename: "CancelInProgressError";
          cancellationId: string;
          code: string;
          message: string;
          field: string | null;
        }
      | {
          __typename: "CancelledTotalChangedError";
          expected: string;
          actual: string;
          code: string;
          message: string;
          field: string | null;
        }
      | {
          __typename: "IdempotencyKeyReusedError";
          cancellationId: string;
          code: string;
          message: string;
          field: string | null;
        }
      | { __typename: "InvalidInputError"; code: string; message: string; field: string | null }
      | { __typename: "NotCancelledError"; code: string; message: string; field: string | null }
      | { __typename: "NotInDoubtError"; code: string; message: string; field: string | null }
      | { __typename: "NotSentError"; code: string; message: string; field: string | null }
      | { __typename: "NotYetFailedError"; code: string; message: string; field: string | null }
      | {
          __typename: "OutcomeUnknownError";
          cancellationId: string;
          code: string;
          message: string;
          field: string | null;
        }
      | {
          __typename: "RejectedByEbpError";
          resultCode: string | null;
          ebpMessage: string | null;
          code: string;
          message: string;
          field: string | null;
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
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "AmountMismatchError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "Field", name: { kind: "Name", value: "expected" } },
                            { kind: "Field", name: { kind: "Name", value: "actual" } },
                          ],
                        },
                      },
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "IdempotencyKeyReusedError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [{ kind: "Field", name: { kind: "Name", value: "cancellationId" } }],
                        },
                      },
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "CancelInProgressError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [{ kind: "Field", name: { kind: "Name", value: "cancellationId" } }],
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
                            { kind: "Field", name: { kind: "Name", value: "expected" } },
                            { kind: "Field", name: { kind: "Name", value: "actual" } },
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
                      {
                        kind: "InlineFragment",
                        typeCondition: {
                          kind: "NamedType",
                          name: { kind: "Name", value: "OutcomeUnknownError" },
                        },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [{ kind: "Field", name: { kind: "Name", value: "cancellationId" } }],
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
