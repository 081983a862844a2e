import { Kind, visit, type DocumentNode, type OperationDefinitionNode } from "graphql";
import { onceForEach } from "./once-for-each.js";
import { costOf, SIZES, type CostedRequest } from "./query-cost.js";

/**
 * What answering an operation would cost, as `costOf`. Of one whose cost no variable changes it is counted once, however often it is
 * asked; whether the variables fit is then not looked at.
 */
export function operationCost(
  operation: OperationDefinitionNode,
  request: Omit<CostedRequest, "operationName">,
): number {
  const asked = { ...request, operationName: operation.name?.value };
  return isCostFixed(request.document) ? fixedCost(operation, asked) : costOf(asked);
}

const fixedCost = onceForEach((_operation: OperationDefinitionNode, request: CostedRequest) =>
  costOf({ ...request, variables: null }, { assumeVariablesFit: true }),
);

/** Variables change how large a page is, and what is skipped. */
const isCostFixed = onceForEach((document: DocumentNode): boolean => {
  let isFixed = true;
  const findVariable = {
    Variable: () => {
      isFixed = false;
    },
  };
  visit(document, {
    Directive: (node) => void visit(node, findVariable),
    Argument: (node) => {
      if (SIZES.has(node.name.value) && node.value.kind === Kind.VARIABLE) isFixed = false;
    },
  });
  return isFixed;
});
