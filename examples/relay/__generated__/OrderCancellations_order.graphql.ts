/**
 * @generated SignedSource<<d917b8e06a9ed9aa07013c622fee8f4a>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderFragment } from 'relay-runtime';
export type CancellationStatus = "FAILED" | "PENDING" | "SUCCEEDED" | "UNKNOWN" | "%future added value";
import type { FragmentRefs } from "relay-runtime";
export type OrderCancellations_order$data = {
  readonly cancellations: {
    readonly edges: ReadonlyArray<{
      readonly cancelledTotalAfter: string | null;
      readonly node: {
        readonly id: string;
        readonly status: CancellationStatus;
        readonly totalCancelAmount: string;
      };
    }>;
  } | null;
  readonly id: string;
  readonly " $fragmentType": "OrderCancellations_order";
};
export type OrderCancellations_order$key = {
  readonly " $data"?: OrderCancellations_order$data;
  readonly " $fragmentSpreads": FragmentRefs<"OrderCancellations_order">;
};

import OrderCancellationsPageQuery_graphql from './OrderCancellationsPageQuery.graphql';

const node: ReaderFragment = (function(){
var v0 = [
  "cancellations"
],
v1 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
};
return {
  "argumentDefinitions": [
    {
      "defaultValue": null,
      "kind": "LocalArgument",
      "name": "after"
    },
    {
      "defaultValue": 10,
      "kind": "LocalArgument",
      "name": "first"
    }
  ],
  "kind": "Fragment",
  "metadata": {
    "connection": [
      {
        "count": "first",
        "cursor": "after",
        "direction": "forward",
        "path": (v0/*:: as any*/)
      }
    ],
    "refetch": {
      "connection": {
        "forward": {
          "count": "first",
          "cursor": "after"
        },
        "backward": null,
        "path": (v0/*:: as any*/)
      },
      "fragmentPathInResult": [
        "node"
      ],
      "operation": OrderCancellationsPageQuery_graphql,
      "identifierInfo": {
        "identifierField": "id",
        "identifierQueryVariableName": "id"
      }
    }
  },
  "name": "OrderCancellations_order",
  "selections": [
    {
      "alias": "cancellations",
      "args": null,
      "concreteType": "OrderCancellationConnection",
      "kind": "LinkedField",
      "name": "__OrderCancellations_cancellations_connection",
      "plural": false,
      "selections": [
        {
          "alias": null,
          "args": null,
          "concreteType": "OrderCancellationEdge",
          "kind": "LinkedField",
          "name": "edges",
          "plural": true,
          "selections": [
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "cancelledTotalAfter",
              "storageKey": null
            },
            {
              "alias": null,
              "args": null,
              "concreteType": "Cancellation",
              "kind": "LinkedField",
              "name": "node",
              "plural": false,
              "selections": [
                (v1/*:: as any*/),
                {
                  "alias": null,
                  "args": null,
                  "kind": "ScalarField",
                  "name": "status",
                  "storageKey": null
                },
                {
                  "alias": null,
                  "args": null,
                  "kind": "ScalarField",
                  "name": "totalCancelAmount",
                  "storageKey": null
                },
                {
                  "alias": null,
                  "args": null,
                  "kind": "ScalarField",
                  "name": "__typename",
                  "storageKey": null
                }
              ],
              "storageKey": null
            },
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "cursor",
              "storageKey": null
            }
          ],
          "storageKey": null
        },
        {
          "alias": null,
          "args": null,
          "concreteType": "PageInfo",
          "kind": "LinkedField",
          "name": "pageInfo",
          "plural": false,
          "selections": [
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "endCursor",
              "storageKey": null
            },
            {
              "alias": null,
              "args": null,
              "kind": "ScalarField",
              "name": "hasNextPage",
              "storageKey": null
            }
          ],
          "storageKey": null
        }
      ],
      "storageKey": null
    },
    (v1/*:: as any*/)
  ],
  "type": "Order",
  "abstractKey": null
};
})();

(node as any).hash = "6e3f535e677afcb0d8c45d8032329dab";

export default node;
