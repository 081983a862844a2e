/** What a character that is escaped for JSON, HTML or a URL begins with. */
const ESCAPE = /[\\&%]/u;
/** What may stand within a secret, or for a blank in it. */
const BETWEEN = /[\s+-]+/gu;
const NOT_ASCII = /[^\0-\x7f]/u;

/** Whether a text may hold one of several secrets; what it says no to needs no closer look. */
export type SecretHint = (text: string) => boolean;

/**
 * True wherever a pattern of `secret-pattern.ts` finds one of the secrets. Preparing such a pattern takes most of a millisecond, at
 * every cancel, and next to no answer has anything to be found: so all that is done for most of them is to look for the secrets as
 * they are, whatever their case and whatever stands in them. Where anything is escaped, that says nothing.
 */
export function hintOf(secrets: readonly string[]): SecretHint {
  const forms = secrets.flatMap((secret) => [secret, secret.normalize("NFC"), secret.normalize("NFD")]);
  const spellings = [...new Set(forms.map(folded))];
  return (text) => {
    if (ESCAPE.test(text)) return true;
    const plain = folded(text);
    return spellings.some((spelling) => plain.includes(spelling));
  };
}

/** The same for a character, its upper and its lower case, whatever stands beside it: once is not enough for ẞ, ß and SS. */
function folded(text: string): string {
  const whole = text.replace(BETWEEN, "");
  return NOT_ASCII.test(whole) ? inOneCase(inOneCase(whole)) : whole.toLowerCase();
}

function inOneCase(text: string): string {
  return text.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}
