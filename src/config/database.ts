import { Settings } from "./settings.js";

/** An attacker can only guess as fast as the server allows: the minimum of NIST SP 800-63B. */
const MIN_PASSWORD_LENGTH = 8;

/** Undefined when it is not set. In production it has to be, and a short password is a fault. */
export function readDatabaseUrl(settings: Settings, production: boolean): string | undefined {
  const url = production
    ? settings.required("DATABASE_URL", "a PostgreSQL URL")
    : settings.value("DATABASE_URL");
  if (url === undefined) return undefined;
  if (!/^postgres(?:ql)?:\/\//u.test(url) || !URL.canParse(url)) {
    const form = "postgresql://user:password@host:port/database, special characters percent-encoded";
    settings.fault("DATABASE_URL", form, "something else");
  } else if (production && hasShortPassword(new URL(url))) {
    settings.fault(
      "DATABASE_URL",
      `a password of at least ${MIN_PASSWORD_LENGTH} characters`,
      "a shorter one",
    );
  }
  return url;
}

/** For commands that need the database and nothing else. @throws ConfigurationError */
export function requireDatabaseUrl(environment: Readonly<Record<string, string | undefined>>): string {
  const settings = new Settings(environment);
  settings.required("DATABASE_URL", "a PostgreSQL URL");
  const url = readDatabaseUrl(settings, false) ?? "";
  settings.throwFaults();
  return url;
}

/** A URL without a password is fine: the server may know the account by a certificate, or the driver by a password file. */
function hasShortPassword({ password, searchParams }: URL): boolean {
  // What is percent-encoded counts once.
  const encoded = password.replaceAll(/%[\da-f]{2}/giu, "x");
  return [encoded, searchParams.get("password") ?? ""].some(
    (text) => text !== "" && text.length < MIN_PASSWORD_LENGTH,
  );
}

const KEYS_FORMAT = "id:base64,id:base64 with keys of 32 bytes (make one with `openssl rand -base64 32`)";
const KEY_BYTES = 32;

/** The first key encrypts, every key decrypts. Null: outside production, a key made and kept in DATA_DIR. */
export function readEncryptionKeys(
  settings: Settings,
  production: boolean,
): readonly { readonly id: string; readonly key: Buffer }[] | null {
  const variable = "DATA_ENCRYPTION_KEYS";
  const text = production ? settings.required(variable, KEYS_FORMAT) : settings.value(variable);
  if (text === undefined) return null;
  const keys = text.split(",").map((entry, index) => {
    const [, id = "", base64 = ""] = /^\s*([\w.-]{1,40}):([A-Za-z0-9+/]+={0,2})\s*$/u.exec(entry) ?? [];
    const key = Buffer.from(base64, "base64");
    if (key.length !== KEY_BYTES) {
      const found = id === "" ? "another form" : `a key of ${key.length} bytes`;
      settings.fault(`${variable} (key ${index + 1})`, KEYS_FORMAT, found);
    }
    return { id, key };
  });
  const ids = keys.map(({ id }) => id);
  const repeated = ids.find((id, index) => id !== "" && ids.indexOf(id) !== index);
  if (repeated !== undefined) settings.fault(variable, "each key id once", `"${repeated}" twice`);
  return keys;
}
