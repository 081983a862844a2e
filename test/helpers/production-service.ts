import { randomBytes } from "node:crypto";
import type { SimulatedStore } from "../../simulator/development-store.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { AUDIENCE, ISSUER, startIdentity } from "./identity.js";
import { startService, type GraphQLAnswer, type TestService } from "./service.js";

/** The service as it runs in production, with a caller who may do everything in its one store. */
export interface ProductionService {
  readonly service: TestService;
  /** The caller's Authorization header. */
  readonly headers: Readonly<Record<string, string>>;
  graphql(query: string, variables?: object, headers?: Record<string, string>): Promise<GraphQLAnswer>;
  /** Anything, to any address of the service, by the caller. */
  fetch(path: string, request?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** In production the simulator's own keys are refused. */
const STORE: SimulatedStore = {
  ...DEVELOPMENT_STORE,
  storeId: "KR01",
  accessKey: "prod-test-access-key-1",
  hashKey: "prod-test-hash-key-0123456789",
};

export async function startProductionService(
  environment: Record<string, string> = {},
): Promise<ProductionService> {
  const identity = await startIdentity("ES256");
  const service = await startService({
    simulator: { stores: [STORE] },
    environment: {
      NODE_ENV: "production",
      EBP_STORE_ID: STORE.storeId,
      EBP_ACCESS_KEY: STORE.accessKey,
      EBP_HASH_KEY: STORE.hashKey,
      EBP_DIVISION_CODE: STORE.divisionCode,
      EBP_CHANNEL_CODE: STORE.channelCode,
      EBP_RIC_CODE: STORE.ricCode,
      EBP_COUNTRY_CODE: STORE.countryCode,
      EBP_CURRENCY_CODE: STORE.currencyCode,
      EBP_WEBHOOK_SECRET: "",
      AUTH_JWKS_URL: identity.jwksUrl,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
      DATA_ENCRYPTION_KEYS: `test:${randomBytes(32).toString("base64")}`,
      ...environment,
    },
  }).catch(async (error: unknown) => {
    await identity.close();
    throw error;
  });
  const headers = { authorization: `Bearer ${await identity.token({ stores: [STORE.storeId] })}` };
  return {
    service,
    headers,
    graphql: (query, variables, more = {}) => service.graphql(query, variables, { ...headers, ...more }),
    fetch: (path, request = {}) =>
      fetch(service.url + path, {
        ...request,
        headers: { ...headers, ...(request.headers as Record<string, string> | undefined) },
      }),
    async close() {
      await service.close();
      await identity.close();
    },
  };
}
