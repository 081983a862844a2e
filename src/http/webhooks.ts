import type { IncomingHttpHeaders } from "node:http";
import type { FastifyError, FastifyInstance } from "fastify";
import { ApiError } from "../messages/api-error.js";

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

/** Many times what EBP's examples have, and no more: a body is read into memory before its signature can be checked. */
const BODY_LIMIT_BYTES = 64 * 1024;

const TOO_LARGE = new ApiError(413, "PAYLOAD_TOO_LARGE", ({ refusals }) =>
  refusals.eventTooLarge(BODY_LIMIT_BYTES),
);
const NOT_SIGNED = new ApiError(401, "UNAUTHENTICATED", ({ refusals }) => refusals.notSigned);
const NOT_STORED = new ApiError(503, "SERVICE_UNAVAILABLE", ({ refusals }) => refusals.eventNotStored);

/**
 * `POST /webhooks/ebp`. The signature is over the bytes on the wire, so a body is bytes here, whatever its type, and compressed ones
 * stay so. Answers 2xx only after the event is stored: after any other answer EBP may send it again.
 */
export function addWebhooks(app: FastifyInstance, { receive }: Webhooks): void {
  void app.register((webhooks, _options, done) => {
    webhooks.removeAllContentTypeParsers();
    webhooks.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => {
      parsed(null, body);
    });
    webhooks.addHook("onRequest", (request, _reply, next) => {
      // Fastify refuses a type it cannot read; here the signature alone decides.
      request.headers["content-type"] = "application/octet-stream";
      next();
    });
    webhooks.setErrorHandler((error: FastifyError) => {
      throw error.statusCode === 413 ? TOO_LARGE : error;
    });
    webhooks.post(WEBHOOK_PATH, { bodyLimit: BODY_LIMIT_BYTES }, async (request) => {
      const receipt = await receive(request.headers, request.body as Buffer).catch((error: unknown) => {
        request.log.error({ err: error }, "storing a webhook failed");
        throw NOT_STORED;
      });
      if (receipt === "refused") throw NOT_SIGNED;
      return { status: receipt };
    });
    done();
  });
}
