import { MIN_DATABASE_PASSWORD_LENGTH, Settings, weaknessOf } from "./settings.js";

const FORM = "postgresql://user:password@host:port/database, special characters percent-encoded";
const EXPECTED_PASSWORD = `a password of at least ${MIN_DATABASE_PASSWORD_LENGTH} characters that nobody guesses`;

/** Undefined when it is not set. A fault when it is set and cannot be used, or in production is one that anybody would guess. */
export function readDatabaseUrl(settings: Settings, production: boolean): string | undefined {
  const url = production
    ? settings.required("DATABASE_URL", "a PostgreSQL URL")
    : settings.value("DATABASE_URL");
  if (url === undefined) return undefined;
  if (!/^postgres(?:ql)?:\/\//u.test(url) || !URL.canParse(url)) {
    settings.fault("DATABASE_URL", FORM, "something else");
  } else if (production) {
    for (const found of weaknessesIn(new URL(url))) {
      settings.fault("DATABASE_URL", EXPECTED_PASSWORD, found);
    }
  }
  return url;
}

/** For what needs the database and nothing else. @throws ConfigurationError */
export function requireDatabaseUrl(environment: Readonly<Record<string, string | undefined>>): string {
  const settings = new Settings(environment);
  settings.required("DATABASE_URL", "a PostgreSQL URL");
  const url = readDatabaseUrl(settings, false) ?? "";
  settings.throwFaults();
  return url;
}

/** Without a password it is not weak: the server may know the account by a certificate, or the driver a file of passwords. */
function weaknessesIn({ username, password, searchParams }: URL): string[] {
  const passwords = [decode(password), searchParams.get("password") ?? ""].filter((text) => text !== "");
  const known = [decode(username), searchParams.get("user") ?? ""].filter((text) => text !== "");
  const rule = { minLength: MIN_DATABASE_PASSWORD_LENGTH, known, knownAs: "the user's name" };
  return passwords.flatMap((text) => weaknessOf(text, rule) ?? []);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const ENCRYPTION_KEYS_FORMAT =
  "id:base64,id:base64 with keys of 32 bytes (make one with `openssl rand -base64 32`)";

const VARIABLE = "DATA_ENCRYPTION_KEYS";
const KEY_BYTES = 32;
/** 32 random bytes have about 30 different ones: that they have fewer than this does not happen. */
const MIN_DIFFERENT_BYTES = 8;

export function parseEncryptionKeys(
  settings: Settings,
  text: string,
  production: boolean,
): { id: string; key: Buffer }[] {
  const keys = text.split(",").map((entry, index) => {
    const [, id = "", base64 = ""] = /^\s*([\w.-]{1,40}):([A-Za-z0-9+/]+={0,2})\s*$/u.exec(entry) ?? [];
    const key = Buffer.from(base64, "base64");
    if (key.length !== KEY_BYTES) {
      const found = id === "" ? "another form" : `a key of ${key.length} bytes`;
      settings.fault(`${VARIABLE} (key ${index + 1})`, ENCRYPTION_KEYS_FORMAT, found);
    } else if (production) {
      const found = patternOf(key);
      if (found !== null) settings.fault(`${VARIABLE} (key ${index + 1})`, ENCRYPTION_KEYS_FORMAT, found);
    }
    return { id, key };
  });
  const repeated = keys.find(
    ({ id }, index) => id !== "" && keys.findIndex((other) => other.id === id) !== index,
  );
  if (repeated !== undefined) settings.fault(VARIABLE, "each key id once", `"${repeated.id}" twice`);
  tellSameBytes(settings, keys);
  return keys;
}

/** What shows that bytes are not random; null when nothing does. */
function patternOf(key: Buffer): string | null {
  const step = ((key[1] ?? 0) - (key[0] ?? 0)) & 0xff;
  const counting = key.every(
    (byte, index) => index === 0 || ((byte - (key[index - 1] ?? 0)) & 0xff) === step,
  );
  if (counting || new Set(key).size < MIN_DIFFERENT_BYTES) return "a pattern, not random bytes";
  // Of random keys, one in 10^13 has nothing but printable characters.
  return key.every((byte) => byte >= 0x20 && byte <= 0x7e) ? "a text, not random bytes" : null;
}

/** A new id on old bytes is no new key: whoever has the old one has it too. */
function tellSameBytes(settings: Settings, keys: readonly { id: string; key: Buffer }[]): void {
  for (const [index, { id, key }] of keys.entries()) {
    const same = keys.slice(0, index).find((other) => other.id !== id && other.key.equals(key));
    if (same !== undefined && key.length === KEY_BYTES)
      settings.fault(VARIABLE, "each key once", `the same bytes as "${same.id}" and as "${id}"`);
  }
}
