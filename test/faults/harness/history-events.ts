import { expect } from "@jest/globals";
import type fc from "fast-check";
import type { EbpProxy } from "./ebp-proxy.js";
import type { Model, ModelRequest } from "./history-model.js";
import { deliver, signed, webhookBody } from "./webhook.js";
import type { World } from "./world.js";

/** What a history is played on. */
export interface Stage {
  readonly world: World;
  readonly upstream: EbpProxy;
  readonly orderNo: string;
}

export type Command = fc.AsyncCommand<Model, Stage>;

export class CaptureTold implements Command {
  check({ captureTold }: Readonly<Model>): boolean {
    return !captureTold;
  }

  async run(model: Model, { world, orderNo }: Stage): Promise<void> {
    const body = webhookBody({ eventType: "PAYMENT_CAPTURED", orderNo, amount: model.total });
    expect(await deliver(world.app.url, signed(body))).toBe(200);
    model.captureTold = true;
  }

  toString(): string {
    return "a webhook tells of the capture";
  }
}

export class RefundTold implements Command {
  constructor(readonly which: number) {}

  check(model: Readonly<Model>): boolean {
    return this.#chosen(model) !== undefined;
  }

  async run(model: Model, { world, orderNo }: Stage): Promise<void> {
    const one = this.#chosen(model);
    if (one === undefined) throw new Error("nothing to tell of");
    const { amount } = one.request;
    await tellOfRefund(model, { world, orderNo }, amount);
  }

  #chosen({ requests }: Readonly<Model>): ModelRequest | undefined {
    const told = requests.filter(({ truth }) => truth === "moved");
    return told[this.which % Math.max(1, told.length)];
  }

  toString(): string {
    return "a webhook tells of a refund";
  }
}

/** A refund that was made elsewhere, or whose amount cannot be read as one of ours. */
export class UnaccountedTold implements Command {
  check({ requests, open }: Readonly<Model>): boolean {
    return open !== undefined || requests.some(({ wasFoundToHaveFailed }) => wasFoundToHaveFailed);
  }

  run(model: Model, stage: Stage): Promise<void> {
    return tellOfRefund(model, stage, UNLIKE_ALL);
  }

  toString(): string {
    return "a webhook tells of a refund that nothing accounts for";
  }
}

const UNLIKE_ALL = 7;
/** Later than whatever it can be about, by any of the clocks. */
const LATER_MS = 30_000;
let lastTold = 0;

/** Each tells at a time of its own: none repeats another. */
async function tellOfRefund(
  model: Model,
  { world, orderNo }: Pick<Stage, "world" | "orderNo">,
  amount: number,
): Promise<void> {
  lastTold = Math.max(lastTold + 1, Date.now() + LATER_MS);
  const eventTime = new Date(lastTold).toISOString();
  const body = webhookBody({ eventType: "PAYMENT_REFUND_REQUESTED", orderNo, amount, eventTime });
  expect(await deliver(world.app.url, signed(body))).toBe(200);
  model.tell(amount);
}

/** The database's clock was ahead, and is put right. */
export class ClockPutBack implements Command {
  check(model: Readonly<Model>): boolean {
    return model.open !== undefined;
  }

  async run(model: Model, { world }: Stage): Promise<void> {
    const { open } = model;
    if (open === undefined) throw new Error("nothing is open");
    await world.database.sql(
      "UPDATE cancellation SET created_at = created_at + interval '1 hour' WHERE id = $1",
      [open.id],
    );
    open.wasAskedAhead = true;
  }

  toString(): string {
    return "the database's clock is put back";
  }
}
