/** What a character that is escaped for JSON, HTML or a URL begins with. */
const ESCAPE = /[\\&%]/u;
/** What may stand within a secret, or for a blank in it. */
const BETWEEN = /[\s+-]+/gu;

/** Whether a text may hold a secret; what it says no to needs no closer look. */
export type SecretHint = (text: string) => boolean;

/**
 * True wherever a pattern of `secret-pattern.ts` finds the secret. Preparing such a pattern takes most of a millisecond, at
 * every cancel, and next to no answer has anything to be found: so all that is done for most of them is to look for the secret as
 * it is, whatever its case and whatever stands in it. Where anything is escaped, that says nothing.
 */
export function hintOf(secret: string): SecretHint {
  const spellings = [secret, secret.normalize("NFC"), secret.normalize("NFD")].map(folded);
  return (text) => {
    if (ESCAPE.test(text)) return true;
    const plain = folded(text);
    return spellings.some((spelling) => plain.includes(spelling));
  };
}

/** The same for a character, its upper and its lower case, whatever stands beside it: once is not enough for ẞ, ß and SS. */
function folded(text: string): string {
  return inOneCase(inOneCase(text.replace(BETWEEN, "")));
}

function inOneCase(text: string): string {
  return text.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}
