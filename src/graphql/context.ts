import DataLoader from "dataloader";
import type { CancellationEvent, CancellationItem } from "../cancellation/cancellation.js";
import type { Caller } from "../cancellation/caller.js";
import type { CancellationHistory, CancellationReference } from "../cancellation/history.js";
import type { Language } from "../cancellation/payment-gateway.js";

/** What one GraphQL request carries. */
export interface GraphQLContext {
  readonly caller: Caller;
  readonly language: Language;
  /** To quote to whoever runs the service. */
  readonly requestId: string;
  readonly loaders: Loaders;
}

export interface Loaders {
  readonly items: DataLoader<CancellationReference, CancellationItem[]>;
  readonly events: DataLoader<CancellationReference, CancellationEvent[]>;
  /** The database's clock, by which every time of the history is: read once for a request. */
  readonly now: () => Promise<Date>;
}

/** For one request: nothing is remembered beyond it, nor read twice within it after a mutation (`cache: false`). */
export function createLoaders(history: CancellationHistory): Loaders {
  let now: Promise<Date> | undefined;
  return {
    now: () => (now ??= history.now()),
    items: new DataLoader((references) => history.items(references), { cache: false }),
    events: new DataLoader((references) => history.events(references), { cache: false }),
  };
}
