import { monitorEventLoopDelay } from "node:perf_hooks";
import type {
  FastifyInstance,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  onSendAsyncHookHandler,
  RouteShorthandOptions,
} from "fastify";
import {
  KeysUnavailableError,
  MAX_TOKEN_LENGTH,
  type Admission,
  type Authenticate,
  type Caller,
  type IdentifiedCaller,
} from "../cancellation/model/caller.js";
import { ApiError, retryLater } from "../messages/api-error.js";
import { MAX_ACCEPT_LANGUAGE_LENGTH } from "../messages/messages.js";

/**
 * Requests that are refused for what they are: not to be parsed, not valid, beyond a limit. Reading one costs as much as answering
 * another, but only what is answered has a cost that could be charged.
 */
export interface RefusalLimits {
  /** In how many seconds a caller's requests are read again; null while they are. */
  readonly barredFor: (caller: Caller) => Promise<number | null>;
  readonly countRefusal: (caller: Caller) => Promise<void>;
  /** Called for each request that is not read. */
  readonly onBarred: () => void;
  /** Called for each request whose caller could not be identified. */
  readonly onUnidentified: (reason: "missing" | "invalid" | "too_long" | "keys_unavailable") => void;
}

const INVALID_TOKEN = 'Bearer error="invalid_token"';

/** Every request to cancel in this project's documents is shorter. */
const SHORT_REQUEST_BYTES = 8_000;

/**
 * Lets in callers who prove who they are, and of whom not too many requests were refused. The hooks answer before a body is read, and
 * have counted a refusal before its caller can ask again.
 */
export function identifyCallers(
  authenticate: Authenticate,
  { barredFor, countRefusal, onBarred, onUnidentified }: RefusalLimits,
): Admission<FastifyRequest, Pick<RouteShorthandOptions, "onRequest" | "onSend">> {
  const callers = new WeakMap<FastifyRequest, IdentifiedCaller>();

  const identify: onRequestAsyncHookHandler = async (request) => {
    // Of two such headers Node keeps the first; a proxy in front of this service may have checked the second.
    const sent = request.raw.headersDistinct["authorization"] ?? [];
    const found = sent[0]?.length ?? 0;
    if (found > MAX_TOKEN_LENGTH + "Bearer ".length) {
      onUnidentified("too_long");
      request.log.warn({ found, most: MAX_TOKEN_LENGTH }, "a token is too long to be checked");
      throw new ApiError(401, "UNAUTHENTICATED", ({ refusals }) => refusals.tokenTooLong(MAX_TOKEN_LENGTH), {
        headers: { "www-authenticate": INVALID_TOKEN },
      });
    }
    const caller = await authenticate(sent.length === 1 ? sent[0] : undefined).catch((error: unknown) => {
      // Whoever fetches the keys logs once that they are away.
      if (!(error instanceof KeysUnavailableError))
        request.log.error({ err: error }, "reading who is calling failed");
      onUnidentified("keys_unavailable");
      throw new ApiError(503, "SERVICE_UNAVAILABLE", ({ refusals }) => refusals.callerNotKnown, {
        extensions: { requestId: request.id },
      });
    });
    if (caller === null) {
      onUnidentified(sent.length === 0 ? "missing" : "invalid");
      const challenge = sent.length > 0 ? INVALID_TOKEN : "Bearer";
      throw new ApiError(401, "UNAUTHENTICATED", ({ refusals }) => refusals.tokenNeeded, {
        headers: { "www-authenticate": challenge },
      });
    }
    callers.set(request, caller);
  };

  const refuseBarred: onRequestAsyncHookHandler = async (request) => {
    const seconds = await barredFor(callerOf(request));
    if (seconds === null) return;
    onBarred();
    throw retryLater(429, seconds, ({ refusals }) => refusals.tooManyRefused(seconds));
  };

  const count: onSendAsyncHookHandler = async (request, { statusCode }) => {
    const caller = callers.get(request);
    if (caller !== undefined && isCounted(request, statusCode)) await countRefusal(caller);
  };

  function callerOf(request: FastifyRequest): IdentifiedCaller {
    const caller = callers.get(request);
    if (caller === undefined) throw new Error("answering a request: its route does not identify callers");
    return caller;
  }

  return {
    hooks: { onRequest: [checkHeaderLengths, identify, refuseBarred], onSend: count },
    callerOf,
    watchToken(request, onEnd) {
      const { authorization } = request.headers;
      return watchToken(authenticate, authorization, callerOf(request).provenUntil, onEnd);
    },
  };
}

function isCounted({ url, headers }: FastifyRequest, status: number): boolean {
  if (status !== 429) return status >= 400 && status < 500;
  // Whoever asks too often has a limit of its own, by store; reading such a request costs little unless it is long. The length of a body
  // in chunks is not known.
  const isChunked = headers["transfer-encoding"] !== undefined;
  return isChunked || url.length + Number(headers["content-length"] ?? 0) > SHORT_REQUEST_BYTES;
}

/**
 * Headers that are parsed before the caller is known, by regular expressions whose time grows with the square of the length. The
 * longest honest ones, a browser's, have some 200 characters.
 */
const MAX_LENGTHS = {
  "content-type": 256,
  accept: 1_000,
  "accept-language": MAX_ACCEPT_LANGUAGE_LENGTH,
} as const;

const checkHeaderLengths: onRequestHookHandler = ({ headers }, _reply, done) => {
  const tooLong = Object.entries(MAX_LENGTHS).find(([name, most]) => (headers[name]?.length ?? 0) > most);
  if (tooLong === undefined) {
    done();
    return;
  }
  const [name, most] = tooLong;
  const found = headers[name]?.length ?? 0;
  done(new ApiError(400, "BAD_REQUEST", ({ refusals }) => refusals.headerTooLong(name, most, found)));
};

/** How often it is measured how late the event loop is, unless a turn may take longer than that. */
const SAMPLE_MS = 250;
/** How often a timer of Node's looks whether it comes in time. Its delays contain it. */
const RESOLUTION_MS = 10;
/** In a row. One long turn is soon made up for, as after a start or a pause of the machine; what goes on is met within a second. */
const LATE_SAMPLES = 2;
/** Either it is over by then, or it still lasts. */
const RETRY_AFTER_SECONDS = 1;

const OVERLOADED = retryLater(503, RETRY_AFTER_SECONDS, ({ refusals }) =>
  refusals.overloaded(RETRY_AFTER_SECONDS),
);

export interface LoadShedding {
  /** The routes whose requests are refused. The others are few and small, and tell what is going on, or what became of money. */
  readonly routes: readonly string[];
  /** How late the event loop may be on average; zero: as late as it is. */
  readonly maxDelayMs: number;
  /** Told of each request that is refused. */
  readonly onShed: () => void;
}

/**
 * Refuses requests while this process cannot keep up, before their bodies are read. Returns whether it cannot. Connections to the
 * database are not looked at here: which of them a request will need is not known yet.
 */
export function addLoadShedding(
  app: FastifyInstance,
  { routes, maxDelayMs, onShed }: LoadShedding,
): () => boolean {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let lateSamples = 0;
  const isLate = (): boolean => maxDelayMs > 0 && lateSamples >= LATE_SAMPLES;
  const watching = setInterval(
    () => {
      // Of a turn that took all of the time, nothing was measured.
      const delayMs = delays.count === 0 ? Number.POSITIVE_INFINITY : delays.mean / 1e6 - RESOLUTION_MS;
      lateSamples = delayMs > maxDelayMs ? lateSamples + 1 : 0;
      delays.reset();
    },
    Math.max(SAMPLE_MS, maxDelayMs),
  );
  watching.unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(watching);
    delays.disable();
    done();
  });
  app.addHook("onRequest", ({ routeOptions }, _reply, done) => {
    if (!isLate() || !routes.includes(routeOptions.url ?? "")) {
      done();
      return;
    }
    onShed();
    done(OVERLOADED);
  });
  return isLate;
}

/** A token whose key was withdrawn ends a stream within about this time; a new request is refused at once. */
const CHECK_EVERY_MS = 60_000;

/**
 * Checks a token every minute, and at the moment it expires. Calls `onEnd` once, when it is no longer valid.
 * @returns stops watching.
 */
export function watchToken(
  authenticate: Authenticate,
  authorization: string | undefined,
  provenUntil: Date | null,
  onEnd: () => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  function plan(until: Date | null): void {
    const leftMs = until === null ? CHECK_EVERY_MS : until.getTime() - Date.now();
    timer = setTimeout(() => void check(until), Math.min(Math.max(leftMs, 0), CHECK_EVERY_MS)).unref();
  }

  async function check(until: Date | null): Promise<void> {
    // While its key cannot be fetched, only its expiry speaks against a token.
    const caller = await authenticate(authorization).catch(() => ({ provenUntil: until }));
    if (isOver) return;
    const isValid =
      caller !== null && (caller.provenUntil === null || caller.provenUntil.getTime() > Date.now());
    if (isValid) plan(caller.provenUntil);
    else onEnd();
  }

  plan(provenUntil);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
