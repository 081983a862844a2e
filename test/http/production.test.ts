import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AUDIENCE, ISSUER, startIdentity, type Identity } from "../helpers/identity.js";
import { startService, type TestService } from "../helpers/service.js";
import { DEVELOPMENT_STORE } from "../../src/ebp/simulator/development-store.js";

let identity: Identity;
let service: TestService;

beforeAll(async () => {
  identity = await startIdentity();
  service = await startService({
    environment: {
      NODE_ENV: "production",
      EBP_STORE_ID: DEVELOPMENT_STORE.storeId,
      EBP_ACCESS_KEY: DEVELOPMENT_STORE.accessKey,
      EBP_HASH_KEY: DEVELOPMENT_STORE.hashKey,
      EBP_DIVISION_CODE: DEVELOPMENT_STORE.divisionCode,
      EBP_CHANNEL_CODE: DEVELOPMENT_STORE.channelCode,
      EBP_RIC_CODE: DEVELOPMENT_STORE.ricCode,
      EBP_COUNTRY_CODE: DEVELOPMENT_STORE.countryCode,
      EBP_CURRENCY_CODE: DEVELOPMENT_STORE.currencyCode,
      AUTH_JWKS_URL: identity.jwksUrl,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    },
  });
});

afterAll(async () => {
  await service.close();
  await identity.close();
});

test("serves no Sandbox in production", async () => {
  const response = await fetch(`${service.url}/`, { headers: { accept: "text/html" } });
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain("Sandbox");
});

test("serves no other page where the API is", async () => {
  const response = await fetch(`${service.url}/graphql`, { headers: { accept: "text/html" } });
  expect(response.status).toBe(400);
  expect(await response.text()).not.toContain("<html");
});

test("does not tell its schema in production", async () => {
  const headers = {
    authorization: `Bearer ${await identity.token({ stores: [DEVELOPMENT_STORE.storeId] })}`,
  };
  const { status, errors } = await service.graphql("{ __schema { types { name } } }", undefined, headers);
  expect(status).toBe(400);
  expect(errors?.[0].message).toMatch(/introspection/u);
});
