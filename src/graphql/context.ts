import type { DocumentNode } from "graphql";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { LiveChanges } from "../cancellation/live/live-changes.js";
import type { Caller } from "../cancellation/model/caller.js";
import type { Language } from "../cancellation/model/payment-gateway.js";
import type { Stores } from "../cancellation/model/store.js";
import { Loaders } from "./loaders.js";

/** What one GraphQL request carries. */
export interface GraphQLContext {
  readonly caller: Caller;
  readonly language: Language;
  /** To quote to the operators. */
  readonly requestId: string;
  /** Not the same for a mutation as for a query. */
  readonly loaders: () => Loaders;
  /** Where the loaders read, from when it is given on. */
  readonly readFrom: (history: CancellationHistory) => void;
  /** What the operation costs at most, in points; zero until it has been counted. */
  cost: number;
  /** How often this request was told that a key stands for another request. */
  reusedKeys: number;
  /** Null where only queries and mutations are answered. */
  readonly live: LiveContext | null;
}

/** Its loaders are made when the first field asks for something: a cancel asks for nothing. Functions, because Apollo Server copies it. */
export function createContext(
  { caller, language, requestId, live }: Pick<GraphQLContext, "caller" | "language" | "requestId" | "live">,
  history: CancellationHistory,
): GraphQLContext {
  let readsFrom = history;
  let loaders: Loaders | undefined;
  return {
    caller,
    language,
    requestId,
    live,
    cost: 0,
    reusedKeys: 0,
    loaders: () => (loaders ??= new Loaders(readsFrom)),
    readFrom: (other) => {
      readsFrom = other;
      loaders = undefined;
    },
  };
}

/** What a subscription carries. */
export interface LiveContext {
  readonly changes: LiveChanges;
  readonly stores: Stores;
  /** Given when the stream ends. */
  readonly signal: AbortSignal;
  /** Null until the subscription has passed every check of an operation. */
  accepted: AcceptedSubscription | null;
}

/** A subscription that has passed every check of an operation. */
export interface AcceptedSubscription {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: GraphQLContext;
}
