/**
 * How long EBP's keys are is not published. A shorter one is no key that anybody issued, but something put there to be replaced: a
 * key from a random generator has 16 characters or more in any alphabet.
 */
export const MIN_HASH_KEY_LENGTH = 16;
/** It keys an HMAC: what is shorter can be found by trying, from one webhook that was seen. */
export const MIN_WEBHOOK_SECRET_LENGTH = 16;
/** Half of that: it names the store as well, is sent with every request, and signs nothing. */
export const MIN_ACCESS_KEY_LENGTH = 8;
/** What can be tried is limited by the server, not by the attacker's machine: the least that NIST SP 800-63B allows. */
export const MIN_DATABASE_PASSWORD_LENGTH = 8;

/** Fewer different characters are a pattern such as 1212, not a key. */
const MIN_DIFFERENT_CHARACTERS = 5;

/** What stands in examples and in fresh installations, in lower case and without separators. Whoever guesses begins with these. */
const WELL_KNOWN = new Set([
  ...["secret", "secretkey", "mysecret", "topsecret", "supersecret", "verysecret", "yoursecret"],
  ...["password", "passwd", "pass", "passw0rd", "p@ssw0rd", "mypassword", "yourpassword", "pwd"],
  ...["changeme", "changeit", "changethis", "replaceme", "fixme", "todo", "tbd", "none", "null", "undefined"],
  ...[
    "default",
    "example",
    "sample",
    "placeholder",
    "dummy",
    "demo",
    "test",
    "testing",
    "development",
    "dev",
  ],
  ...["postgres", "postgresql", "admin", "administrator", "root", "user", "guest", "dba", "database"],
  ...["key", "mykey", "yourkey", "apikey", "accesskey", "youraccesskey", "hashkey", "yourhashkey"],
  ...["webhooksecret", "yourwebhooksecret", "token", "ebp", "simulator"],
  ...["qwerty", "qwertyuiop", "letmein", "welcome", "abc", "abcdef", "abcdefgh", "foobar", "foo"],
]);
/** `test-2`, `password123!`: a word with a little behind it is the same word to whoever guesses. */
const SEPARATORS = /[\s_.\-!*#]/gu;
const TRAILING_DIGITS = /\d{1,10}$/u;

export interface SecretRule {
  readonly minLength: number;
  /** Secrets that others know, and what to call them. */
  readonly known: readonly string[];
  readonly knownAs: string;
}

/** What makes a secret one that can be guessed, without quoting it; null when nothing does. */
export function weaknessOf(secret: string, { minLength, known, knownAs }: SecretRule): string | null {
  if (known.includes(secret)) return knownAs;
  if (isWellKnown(secret)) return "a word that anybody would try";
  if (secret.length < minLength) return `${secret.length} characters`;
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return "the same characters again and again";
  return null;
}

function isWellKnown(secret: string): boolean {
  const word = secret.toLowerCase().replaceAll(SEPARATORS, "");
  const withoutDigits = word.replace(TRAILING_DIGITS, "");
  return withoutDigits === "" || WELL_KNOWN.has(word) || WELL_KNOWN.has(withoutDigits);
}
