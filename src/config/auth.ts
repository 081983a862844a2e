import { createPublicKey } from "node:crypto";
import { isLoopback, type Settings } from "./settings.js";

/** Whose tokens `npm run token` makes, and for whom. Not for production: its key lies in a folder that developers share and copy. */
export const DEVELOPMENT_ISSUER = "urn:ebp-cancel-facade:npm-run-token";
export const DEVELOPMENT_AUDIENCE = "ebp-cancel-facade";

export type AuthConfig =
  | { readonly kind: "off" }
  | { readonly kind: "jwks"; readonly url: URL; readonly issuer: string; readonly audience: string }
  | { readonly kind: "publicKey"; readonly pem: string; readonly issuer: string; readonly audience: string };

/** @param host what the service will listen on: off is for loopback only. */
export function readAuth(settings: Settings, production: boolean, host: string): AuthConfig {
  const jwksUrl = settings.value("AUTH_JWKS_URL");
  const pem = settings.value("AUTH_PUBLIC_KEY");
  const keyGiven = jwksUrl !== undefined || pem !== undefined;
  // Whoever says whose tokens count, or for whom, wants them checked: a missing key must not mean "off".
  const begun =
    keyGiven || settings.value("AUTH_ISSUER") !== undefined || settings.value("AUTH_AUDIENCE") !== undefined;
  if (!production && !begun && isLoopback(host)) return { kind: "off" };
  if (!keyGiven) {
    const why =
      production || begun ? "" : `: HOST is ${host}, and without authentication only loopback may be served`;
    settings.fault("AUTH_JWKS_URL", `the key server's URL (or AUTH_PUBLIC_KEY)${why}`, "nothing");
  }
  const issuer = settings.required("AUTH_ISSUER", "the tokens' issuer, their `iss`") ?? "";
  const audience = settings.required("AUTH_AUDIENCE", "the tokens' audience, their `aud`") ?? "";
  if (production && issuer === DEVELOPMENT_ISSUER)
    settings.fault("AUTH_ISSUER", "the issuer of your tokens", "the one of `npm run token`");
  if (jwksUrl === undefined)
    return { kind: "publicKey", pem: readPublicKey(settings, pem), issuer, audience };
  if (pem !== undefined) settings.fault("AUTH_PUBLIC_KEY", "nothing beside AUTH_JWKS_URL", "a key");
  const url = readJwksUrl(settings, jwksUrl, production);
  return { kind: "jwks", url: url ?? new URL("http://invalid.invalid"), issuer, audience };
}

function readJwksUrl(settings: Settings, text: string, production: boolean): URL | undefined {
  const url = settings.url("AUTH_JWKS_URL", text);
  if (url === undefined) return undefined;
  // fetch refuses such a URL at every request, in words that quote the password.
  if (url.username + url.password !== "")
    settings.fault("AUTH_JWKS_URL", "a URL without user and password", "one with");
  if (production && url.protocol !== "https:" && !isLoopback(url.hostname))
    settings.fault(
      "AUTH_JWKS_URL",
      "an https URL: who can change the keys on their way is everybody",
      "http",
    );
  return url;
}

/** Many env files hold one line per variable only: `\n` stands for a line break there. */
function readPublicKey(settings: Settings, text: string | undefined): string {
  const pem = text?.replaceAll("\\n", "\n") ?? "";
  if (text === undefined) return pem;
  // Checked here: a private key would be taken as well, and has no business in this service.
  if (!/^-----BEGIN (?:RSA )?PUBLIC KEY-----$/mu.test(pem) || !isPublicKey(pem)) {
    settings.fault("AUTH_PUBLIC_KEY", "a public key in PEM (-----BEGIN PUBLIC KEY-----)", "something else");
  }
  return pem;
}

function isPublicKey(pem: string): boolean {
  try {
    createPublicKey(pem);
    return true;
  } catch {
    return false;
  }
}
