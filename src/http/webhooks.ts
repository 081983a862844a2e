import type { IncomingHttpHeaders } from "node:http";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { faultWithoutWords } from "./fault-without-words.js";

/**
 * - stored: it is kept for good now.
 * - repeated: it had been kept before.
 * - refused: it is not known to be EBP's.
 */
export type WebhookReceipt = "stored" | "repeated" | "refused";

export interface Webhooks {
  /** Given the body's bytes as received. Throws when an event could not be stored. */
  readonly receive: (headers: IncomingHttpHeaders, body: Buffer) => Promise<WebhookReceipt>;
}

export const WEBHOOK_PATH = "/webhooks/ebp";

/** Many times what EBP's examples have. It is read into memory before its signature can be checked, so no more than that. */
const BODY_LIMIT_BYTES = 64 * 1024;

const TOO_LARGE = errorBody("PAYLOAD_TOO_LARGE", `The event is larger than ${BODY_LIMIT_BYTES} bytes.`);
const NOT_SIGNED = errorBody("UNAUTHENTICATED", "The signature is missing, not right, or not of this time.");
const NOT_STORED = errorBody("SERVICE_UNAVAILABLE", "The event could not be stored. Send it again.");

function errorBody(code: string, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}

/**
 * `POST /webhooks/ebp`. The signature is over the bytes on the wire, so in here a body is bytes, whatever its type, and
 * compressed ones stay so. Answers 2xx only after the event is stored: after any other answer EBP may send it again.
 */
export function addWebhooks(app: FastifyInstance, { receive }: Webhooks): void {
  void app.register((webhooks, _options, done) => {
    webhooks.removeAllContentTypeParsers();
    webhooks.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => {
      parsed(null, body);
    });
    webhooks.addHook("onRequest", (request, _reply, next) => {
      // Fastify refuses a type it cannot make sense of; here the signature alone decides.
      request.headers["content-type"] = "application/octet-stream";
      next();
    });
    webhooks.setErrorHandler(answerTooLarge);
    webhooks.post(WEBHOOK_PATH, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
      try {
        const receipt = await receive(request.headers, request.body as Buffer);
        if (receipt !== "refused") return { status: receipt };
      } catch (error) {
        request.log.error({ fault: faultWithoutWords(error) }, "storing a webhook failed");
        return reply.code(503).send(NOT_STORED);
      }
      return reply.code(401).send(NOT_SIGNED);
    });
    done();
  });
}

/** Everything else that can go wrong before the handler is answered as elsewhere. */
function answerTooLarge(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.statusCode !== 413) throw error;
  return reply.code(413).send(TOO_LARGE);
}
