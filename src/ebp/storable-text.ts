/** Long enough for any sentence an API writes. */
export const MAX_MESSAGE_LENGTH = 1_000;
/** Result codes, tracking ids, item ids and the like; EBP's have under 30 characters. */
export const MAX_CODE_LENGTH = 200;

/** NUL and lone surrogates: PostgreSQL refuses them in text and in jsonb. */
const NOT_STORABLE = /\0|\p{Surrogate}/gu;

/** Text that PostgreSQL can keep, of at most `maxLength` UTF-16 units; what it cannot keep becomes U+FFFD. */
export function storableText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  return bounded.replace(NOT_STORABLE, "\uFFFD");
}
