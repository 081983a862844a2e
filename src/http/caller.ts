import type {
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  onSendAsyncHookHandler,
  RouteShorthandOptions,
} from "fastify";
import {
  KeysUnavailableError,
  type Admission,
  type Authenticate,
  type Caller,
  type IdentifiedCaller,
} from "../cancellation/model/caller.js";
import { answerRefusal, Refusal } from "./api-error.js";

export function identifyCallers(
  authenticate: Authenticate,
  refusals: RefusalParts,
): Admission<FastifyRequest, Pick<RouteShorthandOptions, "onRequest" | "onSend">> {
  const callers = new WeakMap<FastifyRequest, IdentifiedCaller>();
  const identify: onRequestAsyncHookHandler = async (request, reply) => {
    // Of two, Node keeps the first; what stands in front of this service may have looked at the second.
    const sent = request.raw.headersDistinct["authorization"] ?? [];
    const authorization = sent.length === 1 ? sent[0] : undefined;
    try {
      const caller = await authenticate(authorization);
      if (caller === null) return await refuse(reply, sent.length > 0);
      callers.set(request, caller);
      return undefined;
    } catch (error) {
      // That keys are away is told once, by whoever fetches them.
      if (!(error instanceof KeysUnavailableError))
        request.log.error({ err: error }, "reading who is calling failed");
      return await postpone(reply, request.id);
    }
  };
  function callerOf(request: FastifyRequest): IdentifiedCaller {
    const caller = callers.get(request);
    if (caller === undefined) throw new Error("answering a request: nobody has asked who sent it");
    return caller;
  }

  const limit = limitRefusals((request) => callers.get(request), refusals);
  return {
    hooks: { onRequest: [checkHeaderLengths, identify, limit.refuseBarred], onSend: limit.count },
    callerOf,
    watchToken(request, onEnd) {
      const { authorization } = request.headers;
      return watchToken(authenticate, authorization, callerOf(request).provenUntil, onEnd);
    },
  };
}

function refuse(reply: FastifyReply, wasSent: boolean): FastifyReply {
  return reply
    .code(401)
    .header("www-authenticate", wasSent ? 'Bearer error="invalid_token"' : "Bearer")
    .send(errorBody("Send a valid token: `Authorization: Bearer …`.", { code: "UNAUTHENTICATED" }));
}

function postpone(reply: FastifyReply, requestId: string): FastifyReply {
  const message =
    "Who is calling cannot be told right now. This call did nothing; an earlier one with the same idempotency key may have. Try again.";
  return reply.code(503).send(errorBody(message, { code: "SERVICE_UNAVAILABLE", requestId }));
}

function errorBody(message: string, extensions: object): object {
  return { errors: [{ message, extensions }] };
}

/**
 * What is parsed of a request before anybody knows who sent it, by regular expressions whose time grows with the square of a length.
 * The longest honest ones, a browser's, have some 200 characters.
 */
const MAX_LENGTHS = { "content-type": 256, accept: 1_000, "accept-language": 1_000 } as const;

export const checkHeaderLengths: onRequestHookHandler = (request, reply, done) => {
  const tooLong = Object.entries(MAX_LENGTHS).find(
    ([name, most]) => (request.headers[name]?.length ?? 0) > most,
  );
  if (tooLong === undefined) {
    done();
    return;
  }
  const [name, most] = tooLong;
  const message = `The ${name} header: expected at most ${most} characters, found ${request.headers[name]?.length ?? 0}.`;
  void reply.code(400).send({ errors: [{ message, extensions: { code: "BAD_REQUEST" } }] });
};

/**
 * Requests that are refused for what they are: not to be parsed, not valid, beyond a limit. Reading one costs as much as answering
 * another, and only what is answered has a cost that could be charged.
 */
export interface RefusalParts {
  /** In how many seconds a caller's requests are read again; null while they are. */
  readonly barredFor: (caller: Caller) => Promise<number | null>;
  readonly countRefusal: (caller: Caller) => Promise<void>;
  /** Told of each request that is not read. */
  readonly onBarred: () => void;
}

/** Every request to cancel that the documents of this project have is shorter. */
const SHORT_REQUEST_BYTES = 8_000;

/** Reads nothing more of a caller of whom so much was refused. The first hook comes before a body is read, the second has counted before its caller can ask again. */
export function limitRefusals(
  callerOf: (request: FastifyRequest) => Caller | undefined,
  { barredFor, countRefusal, onBarred }: RefusalParts,
): { readonly refuseBarred: onRequestAsyncHookHandler; readonly count: onSendAsyncHookHandler } {
  return {
    async refuseBarred(request, reply) {
      const caller = callerOf(request);
      const retryAfterSeconds = caller === undefined ? null : await barredFor(caller);
      if (retryAfterSeconds === null) return undefined;
      onBarred();
      const message = `Too many requests of this caller were refused: nothing more is read for ${retryAfterSeconds} s. This call did nothing; an earlier one with the same idempotency key may have.`;
      return answerRefusal(reply, new Refusal(429, "RATE_LIMITED", message, retryAfterSeconds));
    },
    async count(request, { statusCode }) {
      const caller = callerOf(request);
      if (caller !== undefined && isCounted(request, statusCode)) await countRefusal(caller);
    },
  };
}

function isCounted(request: FastifyRequest, status: number): boolean {
  // What comes too often has a limit of its own, by store, and costs little to read unless it is long.
  if (status === 429) return bytesOf(request) > SHORT_REQUEST_BYTES;
  return status >= 400 && status < 500;
}

function bytesOf({ url, headers }: FastifyRequest): number {
  // How long a body in chunks was, is not kept.
  if (headers["transfer-encoding"] !== undefined) return Number.POSITIVE_INFINITY;
  return url.length + Number(headers["content-length"] ?? 0);
}

/** A token whose key has been withdrawn is refused within about this time, as it would be for a new request. */
const CHECK_EVERY_MS = 60_000;

/**
 * Asks again and again whether a token is still taken, and when it ends at the latest. `onEnd` is called once, when it is not.
 * @returns what stops it.
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
    // While its key cannot be fetched nothing speaks against it but its end.
    const caller = await authenticate(authorization).catch(() => ({ provenUntil: until }));
    if (isOver) return;
    const isProven =
      caller !== null && (caller.provenUntil === null || caller.provenUntil.getTime() > Date.now());
    if (isProven) plan(caller.provenUntil);
    else onEnd();
  }

  plan(provenUntil);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
