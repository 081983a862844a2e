import { createPublicKey } from "node:crypto";
import type { AuthSettings } from "../cancellation/model/caller.js";
import { isLoopback, type Settings } from "./settings.js";

/** Issuer and audience of the tokens of `npm run token`. Production refuses them: developers share and copy the key. */
export const DEVELOPMENT_ISSUER = "urn:ebp-cancel-facade:npm-run-token";
export const DEVELOPMENT_AUDIENCE = "ebp-cancel-facade";

/** @param host the address to listen on: authentication can be off on loopback only. */
export function readAuth(settings: Settings, production: boolean, host: string): AuthSettings {
  const jwksUrl = settings.value("AUTH_JWKS_URL");
  const pem = settings.value("AUTH_PUBLIC_KEY");
  const keyGiven = jwksUrl !== undefined || pem !== undefined;
  // Whoever sets an issuer or audience wants tokens checked: a missing key must not mean "off".
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
  // fetch would refuse such a URL at every request, with an error that quotes the password.
  if (url.username + url.password !== "")
    settings.fault("AUTH_JWKS_URL", "a URL without user and password", "one with");
  if (production && url.protocol !== "https:" && !isLoopback(url.hostname))
    settings.fault(
      "AUTH_JWKS_URL",
      "an https URL: whoever changes the keys in transit can be any caller",
      "http",
    );
  return url;
}

/** Many env files allow one line per variable: there, `\n` stands for a line break. */
function readPublicKey(settings: Settings, text: string | undefined): string {
  const pem = text?.replaceAll("\\n", "\n") ?? "";
  if (text === undefined) return pem;
  // createPublicKey accepts a private key too; that one must not be here.
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
