/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 5;

const HIDDEN = "its words are not logged: they may quote what was read";
/** What the engine says with no value in it: names that stand in the source, at most. */
const HARMLESS = [
  /^Cannot read properties of (?:undefined|null) \(reading '[A-Za-z_$][\w$]*'\)$/u,
  /^[\w$.()]+ is not (?:a function|a constructor|iterable|defined)$/u,
  /^(?:Invalid (?:string length|array length|time value|URL)|Array buffer allocation failed)$/u,
  /^(?:Maximum call stack size exceeded|Do not know how to serialize a BigInt|URI malformed)$/u,
  /^(?:fetch failed|terminated)$/u,
];
/** Of the engine's own kinds of error all but Error itself, which is ours and the libraries' to word. */
const ENGINE_ERRORS = [SyntaxError, TypeError, RangeError, ReferenceError, URIError, EvalError];
const FRAME = /^ {4}at \S/u;

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
 * the row that it refused, with keys, notes and what is shown of a refund account. And an engine quotes what it could not parse,
 * compile or convert: of its errors only those words are logged that are known to hold no value.
 */
export function logError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: "something else than an error", stack: "" };
  const { code } = error as { code?: unknown };
  const isTold = !isOfTheEngine(error) || HARMLESS.some((words) => words.test(error.message));
  return {
    type: error.name,
    message: isTold ? error.message : HIDDEN,
    stack: isTold ? (error.stack ?? "") : framesOf(error),
    ...(typeof code === "string" && { code }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: logError(error.cause, depth + 1) }),
  };
}

/** By the name too: an error of another realm, such as a worker's, is no instance of ours. */
function isOfTheEngine(error: Error): boolean {
  return ENGINE_ERRORS.some((kind) => error instanceof kind || error.name === kind.name);
}

/** The stack without the message that it begins with, which may have lines of its own that look like frames. */
function framesOf({ name, message, stack = "" }: Error): string {
  const start = stack.indexOf(message);
  // A message that was changed afterwards: what the stack begins with cannot be told from its frames.
  if (start === -1) return name;
  const frames = stack.slice(start + message.length).split("\n");
  return [name, ...frames.filter((line) => FRAME.test(line))].join("\n");
}
