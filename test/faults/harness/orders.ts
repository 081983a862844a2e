import type { Request } from "./requests.js";
import { tell } from "./webhook.js";
import type { World } from "./world.js";

/** A request to cancel all of an order, whose captured payment EBP knows. */
export function registered(world: World, prefix = "ORD"): Request {
  const request = world.callers.request({ prefix });
  const { orderNo, amount } = request;
  world.simulator.payments.register({ orderNo, total: String(amount), captured: true });
  return request;
}

/** EBP's webhook tells how much there is to cancel of it: then a lookup can prove that all of it was cancelled. */
export function tellCapture(world: World, { orderNo, amount }: Request): Promise<void> {
  return tell(world.app.url, { eventType: "PAYMENT_CAPTURED", orderNo, amount });
}
