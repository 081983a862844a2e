/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 5;

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly cause?: LoggedError;
  readonly [more: string]: unknown;
}

/**
 * What is logged of an error: these and nothing else. Libraries hang more on theirs, which pino would write out: a database's has
 * the row that it refused, with keys, notes and what is shown of a refund account.
 */
export function logError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: "something else than an error", stack: "" };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack ?? "",
    ...(typeof code === "string" && { code }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: logError(error.cause, depth + 1) }),
  };
}
