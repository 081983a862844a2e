import {
  GraphQLError,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
} from "graphql";
import { MissedChangesError } from "../../cancellation/model/errors.js";

/** More often than any proxy ends a connection for nothing having been sent; most do after 60 s. */
const HEARTBEAT_MS = 12_000;
const HEARTBEAT = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

const MISSED = "More has changed than could be told here. Read again what you show, and subscribe again.";

export interface EventStreamParts {
  /** Ends the stream at once. Its reason is told if it is a GraphQLError; else nothing is, so that a client connects anew. */
  readonly signal: AbortSignal;
  readonly tell: (errors: readonly GraphQLError[]) => GraphQLFormattedError[];
  /** Told when the stream has ended, however. */
  readonly onEnd: () => void;
}

/**
 * A subscription's answers in the event stream of the GraphQL over SSE protocol, in distinct connections mode. One at a time: the next
 * is made when the reader has taken this one.
 */
export async function* toEventStream(
  results: AsyncIterator<ExecutionResult>,
  { signal, tell, onEnd }: EventStreamParts,
): AsyncGenerator<string, void, undefined> {
  const told = ({ data, errors }: ExecutionResult): FormattedExecutionResult => ({
    ...(errors !== undefined && { errors: tell(errors) }),
    ...(data !== undefined && { data }),
  });
  try {
    // Some browsers do not see the headers before the first byte.
    yield HEARTBEAT;
    for (let next = nextOf(results); ;) {
      const item = await orHeartbeat(next, signal);
      if (signal.aborted) {
        const reason: unknown = signal.reason;
        if (reason instanceof GraphQLError) yield toNext(told({ errors: [reason] })) + COMPLETE;
        return;
      }
      if (item === null) {
        yield HEARTBEAT;
      } else if (item.done === true) {
        yield COMPLETE;
        return;
      } else {
        yield toNext(told(item.value));
        next = nextOf(results);
      }
    }
  } finally {
    onEnd();
    void results.return?.();
  }
}

/** A fault in what is followed is the last answer. Never rejects: nobody waits for it any more when the signal comes first. */
async function nextOf(results: AsyncIterator<ExecutionResult>): Promise<IteratorResult<ExecutionResult>> {
  try {
    return await results.next();
  } catch (error) {
    return { done: false, value: { errors: [faultOf(error)] } };
  }
}

function faultOf(error: unknown): GraphQLError {
  if (error instanceof MissedChangesError)
    return new GraphQLError(MISSED, { extensions: { code: "SERVICE_UNAVAILABLE" } });
  const originalError = error instanceof Error ? error : null;
  return new GraphQLError("following changes failed", { originalError });
}

/** JSON has no line breaks, which would end the event. */
function toNext(data: FormattedExecutionResult): string {
  return `event: next\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Null when it takes so long that a sign of life is due, or the signal comes. */
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
