import type { TokenClaims } from "../auth/mint-token.js";

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
