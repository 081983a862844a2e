import { parseArgs } from "node:util";
import { SUBJECT } from "../auth/authenticator.js";
import type { TokenClaims } from "../auth/development-token.js";
import { type Scope, SCOPES } from "../cancellation/model/caller.js";

export const TOKEN_USAGE = `Usage: npm run --silent token -- [options]

Makes a bearer token for development. Prints the token on stdout, and how to use it on stderr.

  --subject <name>    the caller; default: developer
  --stores <ids>      the caller's stores, separated by commas; default: SIM-KR
  --scope <scopes>    what the caller may do, separated by blanks or commas; default: all of
                      ${SCOPES.join(", ")}
  --expires <time>    how long it is valid, such as 90s, 30m, 8h or 7d; default: 8h
  --help              this text

The first use makes a key pair and keeps it in DATA_DIR (.data).
`;

export interface TokenOptions {
  readonly subject: string;
  readonly storeIds: readonly string[];
  readonly scopes: readonly Scope[];
  readonly lifetimeSeconds: number;
}

const SECONDS_IN: Readonly<Record<string, number>> = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 };

/**
 * Reads the arguments; null for --help.
 * @throws Error that names the option, what was expected and what was found.
 */
export function readTokenOptions(args: readonly string[], developmentStoreId: string): TokenOptions | null {
  const { subject, stores, scope, expires, help } = parse(args, developmentStoreId);
  if (help) return null;
  return {
    subject: readSubject(subject),
    storeIds: readStores(stores),
    scopes: readScopes(scope),
    lifetimeSeconds: readLifetime(expires),
  };
}

function parse(args: readonly string[], developmentStoreId: string) {
  const options = {
    subject: { type: "string", default: "developer" },
    stores: { type: "string", default: developmentStoreId },
    scope: { type: "string", default: SCOPES.join(" ") },
    expires: { type: "string", default: "8h" },
    help: { type: "boolean", default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // Node's message names the argument.
    throw new Error(`${(error as Error).message}. --help lists the options`, { cause: error });
  }
}

function readSubject(text: string): string {
  if (SUBJECT.test(text)) return text;
  throw unusable("--subject", "1 to 255 characters that name somebody", text);
}

function readStores(text: string): readonly string[] {
  const ids = text.split(",").map((id) => id.trim());
  if (ids.every((id) => id !== "")) return [...new Set(ids)];
  throw unusable("--stores", "store ids such as SIM-KR,SIM-US", text);
}

function readScopes(text: string): readonly Scope[] {
  const named = text.split(/[\s,]+/u).filter((word) => word !== "");
  const unknown = named.find((word) => !SCOPES.some((scope) => scope === word));
  if (unknown === undefined && named.length > 0) return SCOPES.filter((scope) => named.includes(scope));
  throw unusable("--scope", `some of ${SCOPES.join(", ")}`, unknown ?? text);
}

function readLifetime(text: string): number {
  const [, count = "0", unit = "s"] = /^(\d{1,5})([smhd])$/u.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS_IN[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw unusable("--expires", "a time such as 90s, 30m, 8h or 7d", text);
}

function unusable(option: string, expected: string, found: string): Error {
  return new Error(`${option}: expected ${expected}, found ${JSON.stringify(found)}`);
}

/** What a development token allows, how to start a service that accepts it, and how to send it. */
export function explainToken(claims: TokenClaims, publicKeyPath: string): string {
  const { subject, storeIds, scopes, issuer, audience, issuedAtMs, lifetimeSeconds } = claims;
  const until = new Date(issuedAtMs + lifetimeSeconds * 1_000).toISOString();
  const settings = { AUTH_PUBLIC_KEY_FILE: publicKeyPath, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${forShell(value)}`);
  return `
A token of ${JSON.stringify(subject)} for ${storeIds.join(", ")} until ${until}:
${scopes.join(", ")}.

Start the service like this, and it accepts the token:
  ${assignments.join(" ")} npm start

Send it with every request, in Apollo Sandbox under "Headers":
  Authorization: Bearer <token>
`;
}

/** Quoted for a POSIX shell. */
function forShell(value: string): string {
  return /^[\w@%+=:,./-]+$/u.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
