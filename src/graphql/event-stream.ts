import {
  GraphQLError,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
} from "graphql";
import { MissedChangesError } from "../cancellation/model/errors.js";

/** Proxies close a connection on which nothing was sent, most of them after 60 s. */
const HEARTBEAT_MS = 12_000;
const HEARTBEAT = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

const MISSED = "More has changed than this stream can send. Reload what you show, then subscribe again.";

export interface EventStreamOptions {
  /** Ends the stream at once. A reason that is a GraphQLError is sent first; without one the client reconnects. */
  readonly signal: AbortSignal;
  readonly formatErrors: (errors: readonly GraphQLError[]) => GraphQLFormattedError[];
  /** Called when the stream has ended, for whatever reason. */
  readonly onEnd: () => void;
}

/**
 * The results of a subscription as an event stream of the GraphQL over SSE protocol, in distinct connections mode. The next result is
 * made when the reader has taken the last one.
 */
export async function* toEventStream(
  results: AsyncIterator<ExecutionResult>,
  { signal, formatErrors, onEnd }: EventStreamOptions,
): AsyncGenerator<string, void, undefined> {
  const toNext = ({ data, errors }: ExecutionResult): string => {
    const result: FormattedExecutionResult = {
      ...(errors !== undefined && { errors: formatErrors(errors) }),
      ...(data !== undefined && { data }),
    };
    // JSON has no line breaks, which would end the event.
    return `event: next\ndata: ${JSON.stringify(result)}\n\n`;
  };
  try {
    // Some browsers do not see the headers before the first byte.
    yield HEARTBEAT;
    for (let next = nextOf(results); ;) {
      const item = await orHeartbeat(next, signal);
      if (signal.aborted) {
        const reason: unknown = signal.reason;
        if (reason instanceof GraphQLError) yield toNext({ errors: [reason] }) + COMPLETE;
        return;
      }
      if (item === null) {
        yield HEARTBEAT;
      } else if (item.done === true) {
        yield COMPLETE;
        return;
      } else {
        yield toNext(item.value);
        next = nextOf(results);
      }
    }
  } finally {
    onEnd();
    void results.return?.();
  }
}

/** An error becomes the last result. Never rejects: once the signal is given, nobody awaits it. */
async function nextOf(results: AsyncIterator<ExecutionResult>): Promise<IteratorResult<ExecutionResult>> {
  try {
    return await results.next();
  } catch (error) {
    return { done: false, value: { errors: [toGraphQLError(error)] } };
  }
}

function toGraphQLError(error: unknown): GraphQLError {
  if (error instanceof MissedChangesError)
    return new GraphQLError(MISSED, { extensions: { code: "SERVICE_UNAVAILABLE" } });
  const originalError = error instanceof Error ? error : null;
  return new GraphQLError("following changes failed", { originalError });
}

/** Null when a heartbeat is due first, or when the signal is given. */
async function orHeartbeat<T>(next: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<null>((resolve) => (interrupt = () => resolve(null)));
  const timer = setTimeout(interrupt, HEARTBEAT_MS).unref();
  signal.addEventListener("abort", interrupt);
  if (signal.aborted) interrupt();
  try {
    return await Promise.race([next, interrupted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
}
