import { Settings } from "./settings.js";
import { MIN_DATABASE_PASSWORD_LENGTH, weaknessOf } from "./weak-secret.js";

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
