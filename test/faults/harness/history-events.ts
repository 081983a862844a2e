import { expect } from "@jest/globals";
import type fc from "fast-check";
import type { Model, ModelRequest } from "./history-model.js";
import { deliver, signed, webhookBody } from "./webhook.js";
import type { World } from "./world.js";

/** What a history is played on. */
export interface Stage {
  readonly world: World;
  readonly orderNo: string;
}

export type Command = fc.AsyncCommand<Model, Stage>;

/** A step of a history, by the name that a failure shows: when it is possible, and what it does to the service and to the model. */
export function command(name: string, check: Command["check"], run: Command["run"]): Command {
  return { check, run, toString: () => name };
}

export const captureTold = command(
  "a webhook tells of the capture",
  ({ captureTold }) => !captureTold,
  async (model, { world, orderNo }) => {
    const body = webhookBody({ eventType: "PAYMENT_CAPTURED", orderNo, amount: model.total });
    expect(await deliver(world.app.url, signed(body))).toBe(200);
    model.captureTold = true;
  },
);

export function refundTold(which: number): Command {
  const chosen = ({ requests }: Readonly<Model>): ModelRequest | undefined => {
    const told = requests.filter(({ truth }) => truth === "moved");
    return told[which % Math.max(1, told.length)];
  };
  return command(
    "a webhook tells of a refund",
    (model) => chosen(model) !== undefined,
    async (model, stage) => {
      const one = chosen(model);
      if (one === undefined) throw new Error("nothing to tell of");
      await tellOfRefund(model, stage, one.request.amount);
    },
  );
}

/** A refund that was made elsewhere, or whose amount cannot be read as one of ours. */
export const unaccountedTold = command(
  "a webhook tells of a refund that nothing accounts for",
  ({ requests, open }) =>
    open !== undefined || requests.some(({ wasFoundToHaveFailed }) => wasFoundToHaveFailed),
  (model, stage) => tellOfRefund(model, stage, UNLIKE_ALL),
);

const UNLIKE_ALL = 7;
/** Later than whatever it can be about, by any of the clocks. */
const LATER_MS = 30_000;
let lastTold = 0;

/** Each tells at a time of its own: none repeats another. */
async function tellOfRefund(model: Model, { world, orderNo }: Stage, amount: number): Promise<void> {
  lastTold = Math.max(lastTold + 1, Date.now() + LATER_MS);
  const eventTime = new Date(lastTold).toISOString();
  const body = webhookBody({ eventType: "PAYMENT_REFUND_REQUESTED", orderNo, amount, eventTime });
  expect(await deliver(world.app.url, signed(body))).toBe(200);
  model.tell(amount);
}

/** The database's clock was ahead, and is put right. */
export const clockPutBack = command(
  "the database's clock is put back",
  (model) => model.open !== undefined,
  async (model, { world }) => {
    const { open } = model;
    if (open === undefined) throw new Error("nothing is open");
    await world.database.sql(
      "UPDATE cancellation SET created_at = created_at + interval '1 hour' WHERE id = $1",
      [open.id],
    );
    open.wasAskedAhead = true;
  },
);
