import { expect } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createGate } from "../helpers/gate.js";
import { cancel, cancelInput, CANCELLATION_FIELDS } from "../helpers/operations.js";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import type { TestService } from "../helpers/service.js";

/** While it is closed, EBP keeps its answers back. */
export const EBP_ANSWERS = createGate();

/** Brings about what a row of the README says, and checks what follows. */
export type Scenario = (service: TestService) => Promise<void>;

/** A cancel of 1000 of an order of its own, whose number begins so. */
export function orderOf(prefix: string): Record<string, unknown> & { orderNo: string } {
  const orderNo = `${prefix}-${randomUUID()}`;
  return { ...cancelInput({ orderNo }), orderNo };
}

/** Asks for a cancel, and says what stands in the history then. */
export async function ended(service: TestService, input: { orderNo: string }): Promise<any> {
  await cancel(service, input);
  return standing(service, input);
}

/** The order's only cancellation. */
export async function standing(service: TestService, { orderNo }: { orderNo: string }): Promise<any> {
  const query = `query ($orderNo: String!) {
    order(orderNo: $orderNo) {
      cancellations { edges { node { ${CANCELLATION_FIELDS} nextStep nextCheckAt lookups } } }
    }
  }`;
  const { data } = await service.graphql(query, { orderNo });
  const { edges } = data.order.cancellations;
  expect(edges).toHaveLength(1);
  return edges[0].node;
}

/** Lets time pass until it is due, and has it looked at. */
export async function lookedAt(
  service: TestService,
  input: { orderNo: string },
  after = "1 minute",
): Promise<any> {
  await service.letTimePass(after);
  await service.reconcile();
  return standing(service, input);
}

/** EBP's own account: how many cancels of the order it received, and how many moved money. */
export function atEbp(
  { simulator }: TestService,
  { orderNo }: { orderNo: string },
): [sent: number, moved: number] {
  return [simulator.ledger.received(orderNo).length, simulator.ledger.effects(orderNo).length];
}

/** Another cancel of the same order, under a key of its own. */
export function another<T extends object>(input: T): T {
  return { ...input, idempotencyKey: randomUUID() };
}

/** Whether a database takes connections; without, those it has are cut. */
export async function letIn({ databaseUrl: url }: TestService, allowed: boolean): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await withConnection(databaseUrl(url, "postgres"), async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
    if (!allowed) {
      await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
    }
  });
}
