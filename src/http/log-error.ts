/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 5;

/**
 * The engine quotes what it could not parse, compile or convert, which may be a caller's data. By name too: an error of another realm,
 * such as a worker's, is not an instance of ours.
 */
const ENGINE_ERRORS = ["SyntaxError", "TypeError", "RangeError", "ReferenceError", "URIError", "EvalError"];

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly cause?: LoggedError;
  readonly [more: string]: unknown;
}

/**
 * What the log shows of an error: these fields and nothing else. Libraries add fields to their errors, and pino would write them all: a
 * database's error has the refused row, with its keys, notes and refund account.
 */
export function logError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "not an error", stack: "" };
  const { code } = error as { code?: unknown };
  const isHidden = ENGINE_ERRORS.includes(error.name);
  return {
    type: error.name,
    message: isHidden ? "not logged: it may quote data" : error.message,
    stack: isHidden ? placesOf(error) : (error.stack ?? ""),
    ...(typeof code === "string" && { code }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: logError(error.cause, depth + 1) }),
  };
}

/** The stack without the message at its beginning, which may have lines of its own that look like places. */
function placesOf({ name, message, stack = "" }: Error): string {
  const start = stack.indexOf(message);
  // The message was changed afterwards: it cannot be told where the old one ends.
  return start === -1 ? name : name + stack.slice(start + message.length);
}
