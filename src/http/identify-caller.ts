import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler, RouteShorthandOptions } from "fastify";
import type { Admission, Authenticate, IdentifiedCaller } from "../cancellation/model/caller.js";
import { checkHeaderLengths } from "./check-header-lengths.js";
import { limitRefusals, type RefusalParts } from "./limit-refusals.js";
import { watchToken } from "./watch-token.js";

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
      if (!isKeysUnavailable(error)) request.log.error({ err: error }, "reading who is calling failed");
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

/** By its name: who checks tokens is not known here. */
function isKeysUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "KeysUnavailableError";
}
