import { parseArgs } from "node:util";
import { NAMES_SOMEBODY } from "../auth/authenticator.js";
import type { TokenClaims } from "../auth/development-token.js";
import { type Scope, SCOPES } from "../cancellation/model/caller.js";

export const TOKEN_USAGE = `Usage: npm run --silent token -- [options]

Makes a bearer token for development. It alone is printed on stdout; how to use it is told on stderr.

  --subject <who>     who calls; default: developer
  --stores <ids>      for which stores, separated by commas; default: SIM-KR
  --scope <scopes>    what the caller may do, separated by blanks or commas; default: all of
                      ${SCOPES.join(", ")}
  --expires <time>    when it ends, such as 90s, 30m, 8h or 7d; default: 8h
  --help              this text

The key pair is made at first use and kept in DATA_DIR (.data).
`;

export interface TokenOptions {
  readonly subject: string;
  readonly storeIds: readonly string[];
  readonly scopes: readonly Scope[];
  readonly lifetimeSeconds: number;
}

export class TokenOptionsError extends Error {
  override readonly name = "TokenOptionsError";
}

const SECONDS_IN: Readonly<Record<string, number>> = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 };

/**
 * What the words of the command ask for; null when they ask for help.
 * @throws TokenOptionsError that names the option, what was expected and what was found.
 */
export function readTokenOptions(words: readonly string[], developmentStoreId: string): TokenOptions | null {
  const given = parse(words);
  if (given.help === true) return null;
  return {
    subject: readSubject(given.subject ?? "developer"),
    storeIds: readStores(given.stores ?? developmentStoreId),
    scopes: readScopes(given.scope ?? SCOPES.join(" ")),
    lifetimeSeconds: readLifetime(given.expires ?? "8h"),
  };
}

type Given = Partial<Record<"subject" | "stores" | "scope" | "expires", string>> & { help?: boolean };

function parse(words: readonly string[]): Given {
  const type = "string" as const;
  const options = {
    subject: { type },
    stores: { type },
    scope: { type },
    expires: { type },
    help: { type: "boolean" as const },
  };
  try {
    return parseArgs({ args: [...words], options, strict: true }).values;
  } catch (error) {
    // Node's message names the word it does not know.
    throw new TokenOptionsError(`${(error as Error).message}. --help tells what there is`, { cause: error });
  }
}

function readSubject(text: string): string {
  if (NAMES_SOMEBODY.test(text)) return text;
  throw unusable("--subject", "1 to 255 characters that name somebody", text);
}

function readStores(text: string): readonly string[] {
  const ids = text.split(",").map((id) => id.trim());
  if (ids.every((id) => id !== "")) return [...new Set(ids)];
  throw unusable("--stores", "store ids such as SIM-KR,SIM-US", text);
}

function readScopes(text: string): readonly Scope[] {
  const asked = text.split(/[\s,]+/u).filter((word) => word !== "");
  const unknown = asked.find((word) => !SCOPES.some((scope) => scope === word));
  if (unknown === undefined && asked.length > 0) return SCOPES.filter((scope) => asked.includes(scope));
  throw unusable("--scope", `some of ${SCOPES.join(", ")}`, unknown ?? text);
}

function readLifetime(text: string): number {
  const [, count = "0", unit = "s"] = /^(\d{1,5})([smhd])$/u.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS_IN[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw unusable("--expires", "a time such as 90s, 30m, 8h or 7d", text);
}

function unusable(option: string, expected: string, found: string): TokenOptionsError {
  return new TokenOptionsError(`${option}: expected ${expected}, found ${JSON.stringify(found)}`);
}

/** What a development token is good for, how the service is started so that it takes it, and how it is sent. */
export function explainToken(claims: TokenClaims, publicKeyPath: string): string {
  const { subject, storeIds, scopes, issuer, audience, issuedAtMs, lifetimeSeconds } = claims;
  const until = new Date(issuedAtMs + lifetimeSeconds * 1_000).toISOString();
  const settings = { AUTH_PUBLIC_KEY_FILE: publicKeyPath, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${forShell(value)}`);
  return `
A token of ${JSON.stringify(subject)} for ${storeIds.join(", ")} until ${until}:
${scopes.join(", ")}.

The service takes it when started with
  ${assignments.join(" ")} npm start

Send it with every request, in Apollo Sandbox under "Headers":
  Authorization: Bearer <token>
`;
}

/** As a POSIX shell takes it for one word. */
function forShell(value: string): string {
  return /^[\w@%+=:,./-]+$/u.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
