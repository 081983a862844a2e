import { InvalidArgumentError } from "commander";
import { SUBJECT } from "../auth/authenticator.js";
import type { TokenClaims } from "../auth/development-token.js";
import { type Scope, SCOPES } from "../cancellation/model/caller.js";

export interface TokenOptions {
  readonly subject: string;
  readonly storeIds: readonly string[];
  readonly scopes: readonly Scope[];
  readonly lifetimeSeconds: number;
}

const SECONDS_IN: Readonly<Record<string, number>> = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 };

/** As they are typed. */
export interface TokenWords {
  readonly subject: string;
  readonly stores: string;
  readonly scope: string;
  readonly expires: string;
}

/** @throws InvalidArgumentError that names the option, what was expected and what was found. */
export function readTokenOptions({ subject, stores, scope, expires }: TokenWords): TokenOptions {
  return {
    subject: readSubject(subject),
    storeIds: readStores(stores),
    scopes: readScopes(scope),
    lifetimeSeconds: readLifetime(expires),
  };
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

function unusable(option: string, expected: string, found: string): InvalidArgumentError {
  return new InvalidArgumentError(`${option}: expected ${expected}, found ${JSON.stringify(found)}`);
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
