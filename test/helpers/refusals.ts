import { expect } from "@jest/globals";
import { type GraphQLAnswer, type TestService, useService } from "./service.js";

export const NUMBER = "1029384756";
export const NAME = "Zaphod Quibblewick";
export const ACCOUNT = { accountNumber: NUMBER, bankCode: "001", accountHolderName: NAME };
/** Any piece of the account that would tell something. */
export const PIECE_OF_ACCOUNT = /10293|02938|29384|93847|38475|84756|Zapho|aphod|Quibb|ibble|lewick/iu;

export interface Refusals {
  readonly service: TestService;
  /** An answer that tells a mistake, has none of the account in it, and comes with nothing sent. */
  readonly refused: (query: string, variables?: object) => Promise<GraphQLAnswer>;
}

/** A service for the whole test file. */
export function useRefusals(): Refusals {
  const service = useService();
  return {
    get service() {
      return service;
    },
    refused: async (query, variables) => {
      const answer = await service.graphql(query, variables);
      expect(answer.errors).toBeDefined();
      expect(answer.text).not.toMatch(PIECE_OF_ACCOUNT);
      expect(answer.text).not.toContain("Something went wrong");
      expect(service.simulator.ledger.totalReceived).toBe(0);
      return answer;
    },
  };
}

export function messagesOf({ errors }: GraphQLAnswer): string[] {
  return (errors ?? []).map((error) => error.message);
}

/** A document with the input as a literal. */
export function literal(refundAccount: string, rest = ""): string {
  return `mutation { cancelPayment(input: { idempotencyKey: "k", orderNo: "o", totalCancelAmount: 1, items: [], refundAccount: ${refundAccount} ${rest} }) { replayed } }`;
}
