import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { createGate, type Gate } from "./gate.js";
import { AUDIENCE, ISSUER, startIdentity } from "./identity.js";
import { cancel, cancelInput } from "./operations.js";
import { startService, type TestService } from "./service.js";
import { useStarted } from "./started.js";

export interface TwoStores {
  readonly service: TestService;
  /** Held closed while a test wants cancels to be in flight. */
  readonly gate: Gate;
  /** Held closed while a test wants lookups to be under way. */
  readonly lookupGate: Gate;
  /** The token of somebody who may act for these stores; in every way, unless the claims say otherwise. */
  bearer(subject?: string, stores?: readonly string[], claims?: object): Promise<Record<string, string>>;
  /** A cancel of caller-1 whose answer proves nothing. */
  doubtful(changes?: object): Promise<{ readonly id: string; readonly input: any }>;
}

/** A service of several stores, two unless told otherwise, that knows who calls, for the tests of one file; perhaps with other settings. */
export function useTwoStores(
  storeIds: readonly string[] = ["SIM-KR", "SIM-TWO"],
  environment: Record<string, string> = {},
): TwoStores {
  const [gate, lookupGate] = [createGate(), createGate()];
  const started = useStarted(async (atEnd) => {
    const identity = await startIdentity();
    atEnd(() => identity.close());
    const folder = await mkdtemp(join(tmpdir(), "ebp-two-stores-test-"));
    atEnd(() => rm(folder, { recursive: true }));
    const stores = storeIds.map((storeId) => ({ ...DEVELOPMENT_STORE, storeId }));
    const service = await startService({
      simulator: { stores, beforeAnswer: () => gate.pass(), beforeLookupAnswer: () => lookupGate.pass() },
    });
    atEnd(() => service.close());
    const [file, baseUrl] = [join(folder, "stores.json"), service.simulator.url];
    await writeFile(file, JSON.stringify(stores.map((store) => ({ ...store, baseUrl }))));
    await service.restart({
      EBP_BASE_URL: "",
      EBP_WEBHOOK_SECRET: "",
      EBP_STORES_FILE: file,
      AUTH_JWKS_URL: identity.jwksUrl,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
      ...environment,
    });
    return { service, token: (claims: object) => identity.token({ ...claims }) };
  });
  const self: TwoStores = {
    get service() {
      return started.service;
    },
    gate,
    lookupGate,
    async bearer(sub = "operator-7", stores = ["SIM-KR"], claims = {}) {
      return { authorization: `Bearer ${await started.token({ sub, stores, ...claims })}` };
    },
    async doubtful(changes = {}) {
      const input: any = cancelInput({ orderNo: `SIM-SYSTEM-CRITICAL-${randomUUID()}`, ...changes });
      const { cancellation } = await cancel(self.service, input, await self.bearer("caller-1"));
      return { id: cancellation.id as string, input };
    },
  };
  return self;
}
