/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 5;

export interface FaultWithoutWords {
  readonly name: string;
  readonly code: string | null;
  /** The places in the code. */
  readonly at: readonly string[];
  readonly cause: FaultWithoutWords | null;
}

/**
 * What of an error can be logged where its words may quote what was being worked on: a database's do ("Failing row
 * contains …"), and so do a parser's.
 */
export function faultWithoutWords(error: unknown, depth = 0): FaultWithoutWords | null {
  if (!(error instanceof Error) || depth === MAX_CAUSES) return null;
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    code: typeof code === "string" ? code : null,
    at: placesOf(error),
    cause: faultWithoutWords(error.cause, depth + 1),
  };
}

/** The lines of the stack behind the message, which may itself have lines that look like them. */
function placesOf({ stack = "", message }: Error): string[] {
  const start = stack.indexOf(message);
  const places = start === -1 ? "" : stack.slice(start + message.length);
  return places
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
}
