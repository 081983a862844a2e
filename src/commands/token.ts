import { developmentKey, mintToken, type TokenClaims } from "../auth/development-token.js";
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from "../config/auth.js";
import { explainToken, readTokenOptions, type TokenWords } from "./token-options.js";

/** A mistyped `production` makes no token. */
const ENVIRONMENTS = ["", "development", "test"];

/** Prints nothing but the token on stdout, so that `$(npm run --silent token)` works. */
export async function printToken(words: TokenWords): Promise<void> {
  const options = readTokenOptions(words);
  const environment = process.env["NODE_ENV"]?.trim() ?? "";
  if (!ENVIRONMENTS.includes(environment)) {
    const found = JSON.stringify(environment);
    throw new Error(`NODE_ENV: expected development, test or nothing to make a token, found ${found}`);
  }
  const dataDir = process.env["DATA_DIR"]?.trim() ?? "";
  const { privateKey, publicKeyPath } = await developmentKey(dataDir === "" ? ".data" : dataDir);
  const claims: TokenClaims = {
    ...options,
    issuer: DEVELOPMENT_ISSUER,
    audience: DEVELOPMENT_AUDIENCE,
    issuedAtMs: Date.now(),
  };
  process.stdout.write(`${await mintToken(privateKey, claims)}\n`);
  process.stderr.write(explainToken(claims, publicKeyPath));
}
