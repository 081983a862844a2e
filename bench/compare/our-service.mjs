import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { SignJWT, exportSPKI, generateKeyPair } from "jose";
import { startProgram } from "./processes.mjs";
import { STORES } from "../history/vocabulary.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ARGS = ["--max-semi-space-size=64", "--enable-source-maps", "dist/src/main.js"];
const SAYS = /"msg":"Server listening at (http:[^"]+)"/u;

const [ISSUER, AUDIENCE] = ["urn:ebp-cancel-facade:bench", "ebp-cancel-facade-bench"];
/** Who asks for everything. */
export const SUBJECT = "bench";
const SCOPES = "cancellations:read cancellations:write";
/** Longer than any run. */
const TOKEN_LIFE = "24h";
/** One caller asks for everything here: what it may ask in a minute is counted as ever, and is never used up. */
const ENOUGH = "1000000000";

/** The store that cancels are sent for; those of a history have names of their own. */
export const STORE = "KR01";

/**
 * Starts the service as its users do: as it is built, in production, with authentication, encryption, limits, logging and the reconciler.
 * Its keys are made here, once for all its processes.
 */
export async function prepareService(upstreamUrl) {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const stores = [{ id: STORE, countryCode: "KR", currencyCode: "KRW" }, ...STORES].map((store) =>
    settingsOf(store, upstreamUrl),
  );
  const token = await new SignJWT({ scope: SCOPES, stores: stores.map(({ storeId }) => storeId) })
    .setProtectedHeader({ alg: "RS256" })
    .setSubject(SUBJECT)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(TOKEN_LIFE)
    .sign(privateKey);
  const environment = {
    NODE_ENV: "production",
    PORT: "0",
    AUTH_PUBLIC_KEY: await exportSPKI(publicKey),
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
    DATA_ENCRYPTION_KEYS: `bench:${randomBytes(32).toString("base64")}`,
    LOG_LEVEL: "info",
    RATE_LIMIT_MUTATIONS: ENOUGH,
    RATE_LIMIT_QUERY_COST: ENOUGH,
  };
  const [store] = stores;
  const start = (databaseUrl, settings, interrupted) =>
    startProgram(
      {
        name: "ours",
        args: ARGS,
        cwd: ROOT,
        env: { ...environment, ...settings, DATABASE_URL: databaseUrl },
        says: SAYS,
      },
      interrupted,
    );
  return {
    token,
    stores,
    /** With the one store that cancels are sent for. */
    start: (databaseUrl, interrupted) => start(databaseUrl, variablesOf(store), interrupted),
    /** With all of them, which a file lists. */
    startWithStores: (databaseUrl, file, interrupted) =>
      start(databaseUrl, { EBP_STORES_FILE: file }, interrupted),
  };
}

function settingsOf({ id, countryCode, currencyCode }, baseUrl) {
  return {
    storeId: id,
    baseUrl,
    accessKey: randomBytes(12).toString("hex"),
    hashKey: randomBytes(24).toString("hex"),
    divisionCode: "BENCH",
    channelCode: "WEB",
    ricCode: "KIC",
    countryCode,
    currencyCode,
  };
}

/** What a user sets who has one store. */
function variablesOf(store) {
  return {
    EBP_BASE_URL: store.baseUrl,
    EBP_STORE_ID: store.storeId,
    EBP_ACCESS_KEY: store.accessKey,
    EBP_HASH_KEY: store.hashKey,
    EBP_DIVISION_CODE: store.divisionCode,
    EBP_CHANNEL_CODE: store.channelCode,
    EBP_RIC_CODE: store.ricCode,
    EBP_COUNTRY_CODE: store.countryCode,
    EBP_CURRENCY_CODE: store.currencyCode,
  };
}
