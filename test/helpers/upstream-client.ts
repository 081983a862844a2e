import { afterEach } from "@jest/globals";
import type { CancelRequest } from "../../src/cancellation/model/cancel-request.js";
import type {
  Language,
  LookedUpPayment,
  PaymentQuestion,
  SendWindow,
  PaymentStatuses,
  SentCancel,
} from "../../src/cancellation/model/payment-gateway.js";
import type { CancelOutcome } from "../../src/cancellation/model/outcome.js";
import { createEbpClient, type EbpClient, type EbpClientOptions } from "../../src/ebp/ebp-client.js";
import type { EbpStore } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { startSimulator, type Simulator, type SimulatorOptions } from "../../simulator/simulator.js";
import { cancelRequest } from "./examples.js";
import { startUpstream, type Respond, type Upstream } from "./upstream.js";

/** Long enough that only a hang reaches it: tests in which time-outs are the behaviour set a short one. */
const PATIENT_MS = 10_000;

/** EBP's published words for payments that have not been cancelled. */
export const PAYMENT_STATUSES: PaymentStatuses = {
  uncancelled: ["APPROVED", "CAPTURED"],
  whollyCancelled: [],
};

/** Never closes. */
export const OPEN_WINDOW: SendWindow = { isOpen: () => true };

export interface ClientChanges extends Omit<Partial<EbpClientOptions>, "stores"> {
  readonly store?: Partial<EbpStore>;
}

/** A client whose cancels may be sent at any time, unless a test says otherwise. */
export interface TestClient extends EbpClient {
  cancel(request: CancelRequest, language: Language, window?: SendWindow): Promise<SentCancel>;
}

export interface EbpFixtures {
  upstream(respond: Respond): Promise<Upstream>;
  simulator(options?: Partial<SimulatorOptions>): Promise<Simulator>;
  /** A client for DEVELOPMENT_STORE at this base URL. */
  client(baseUrl: string, changes?: ClientChanges): TestClient;
  /** Sends one cancel to an upstream that answers with these bytes, and says what came of it. */
  outcomeOf(answer: string | Buffer, request?: CancelRequest, language?: Language): Promise<CancelOutcome>;
  /** Asks an upstream that answers with these bytes for the details of a payment. */
  lookupOf(
    answer: string | Buffer,
    question?: Partial<PaymentQuestion>,
    changes?: ClientChanges,
  ): Promise<LookedUpPayment>;
}

/** About order ORD-1, and what a test changes about it. */
export function paymentQuestion(changes: Partial<PaymentQuestion> = {}): PaymentQuestion {
  return { storeId: DEVELOPMENT_STORE.storeId, orderNo: "ORD-1", refundAccount: null, ...changes };
}

/** What a test file starts is closed after each test, last in, first out. */
export function useEbp(): EbpFixtures {
  const releases: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const release of releases.splice(0).reverse()) await release();
  });
  function keep<T extends { close(): Promise<void> }>(resource: T): T {
    releases.push(() => resource.close());
    return resource;
  }

  const fixtures: EbpFixtures = {
    upstream: async (respond) => keep(await startUpstream(respond)),
    simulator: async (options) => keep(await startSimulator({ stores: [DEVELOPMENT_STORE], ...options })),
    client: (baseUrl, { store, ...options } = {}) => {
      const { storeId } = DEVELOPMENT_STORE;
      const stores = new Map([[storeId, { ...DEVELOPMENT_STORE, baseUrl, ...store }]]);
      const client = keep(
        createEbpClient({ stores, timeoutMs: PATIENT_MS, paymentStatuses: PAYMENT_STATUSES, ...options }),
      );
      return {
        ...client,
        cancel: (request, language, window = OPEN_WINDOW) => client.cancel(request, language, window),
      };
    },
    outcomeOf: async (answer, request = cancelRequest(), language = "en") => {
      const { url } = await fixtures.upstream((_request, socket) => socket.end(answer));
      return (await fixtures.client(url).cancel(request, language)).outcome;
    },
    lookupOf: async (answer, changedQuestion, changes) => {
      const { url } = await fixtures.upstream((_request, socket) => socket.end(answer));
      return fixtures.client(url, changes).lookup(paymentQuestion(changedQuestion));
    },
  };
  return fixtures;
}
