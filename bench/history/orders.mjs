import { STORES } from "./vocabulary.mjs";

/** Of all cancellations those of an order that has been cancelled in part before: so every tenth order has several. */
const FURTHER = 0.115;
/** Of new orders those that are cancelled again, and of their further cancels those that are the last. */
const CANCELLED_AGAIN = 0.1;
const LAST = 0.77;

/** The orders of a history, and what has been cancelled of each. */
export function createOrders(random) {
  const pickStore = random.chooser(STORES.map((store) => [store, store.share]));
  const all = [];
  const cancelledAgain = [];
  let today = "";
  let running = 0;

  function open(day) {
    if (day !== today) [today, running] = [day, 0];
    running += 1;
    const order = {
      store: pickStore(),
      orderNo: `ORD${day}${String(running).padStart(5, "0")}`,
      // In minor units, which a number counts exactly.
      cancelledTotal: 0,
    };
    all.push(order);
    return order;
  }

  return {
    all,
    /** One that has no other cancels, as an order in doubt has none after. */
    ofItsOwn: open,
    /** @param day as in `20260131`. */
    any(day) {
      if (cancelledAgain.length > 0 && random.chance(FURTHER)) {
        const at = random.between(0, cancelledAgain.length - 1);
        const order = cancelledAgain[at];
        if (random.chance(LAST)) {
          cancelledAgain[at] = cancelledAgain.at(-1);
          cancelledAgain.pop();
        }
        return order;
      }
      const order = open(day);
      if (random.chance(CANCELLED_AGAIN)) cancelledAgain.push(order);
      return order;
    },
  };
}
