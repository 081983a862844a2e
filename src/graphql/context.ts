import type DataLoader from "dataloader";
import type { CancellationEvent, CancellationItem } from "../cancellation/cancellation.js";
import type { Caller } from "../cancellation/caller.js";
import type { CancellationHistory, CancellationReference } from "../cancellation/history.js";
import type { Language } from "../cancellation/payment-gateway.js";
import { createBoundedLoader } from "./limits/bounded-loader.js";

/** What one GraphQL request carries. */
export interface GraphQLContext {
  readonly caller: Caller;
  readonly language: Language;
  /** To quote to whoever runs the service. */
  readonly requestId: string;
  /** Not the same for a mutation as for a query. */
  loaders: Loaders;
}

export interface Loaders {
  readonly items: DataLoader<CancellationReference, CancellationItem[]>;
  readonly events: DataLoader<CancellationReference, CancellationEvent[]>;
  /** The database's clock, by which every time of the history is: read once for a request. */
  readonly now: () => Promise<Date>;
  /** How many items and events have been read so far. */
  readonly countRead: () => number;
}

/** For one request: nothing is remembered beyond it. */
export function createLoaders(history: CancellationHistory): Loaders {
  let now: Promise<Date> | undefined;
  const items = createBoundedLoader("items", (...batch) => history.items(...batch));
  const events = createBoundedLoader("events", (...batch) => history.events(...batch));
  return {
    now: () => (now ??= history.now()),
    items: items.loader,
    events: events.loader,
    countRead: () => items.countRead() + events.countRead(),
  };
}
