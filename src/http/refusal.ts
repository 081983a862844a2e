import type { FastifyReply } from "fastify";
import { InvalidArgumentError } from "../cancellation/model/errors.js";

/** A request that is not served, and why, in words for its sender. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

/** As the API has its errors. */
export function answerRefusal(reply: FastifyReply, error: Refusal | InvalidArgumentError): FastifyReply {
  if (error instanceof InvalidArgumentError) {
    const extensions = { code: "BAD_USER_INPUT", field: error.field };
    return reply.code(400).send({ errors: [{ message: error.message, extensions }] });
  }
  const { status, code, message, retryAfterSeconds } = error;
  if (retryAfterSeconds !== null) void reply.header("retry-after", retryAfterSeconds);
  const extensions = { code, ...(retryAfterSeconds !== null && { retryAfterSeconds }) };
  return reply.code(status).send({ errors: [{ message, extensions }] });
}
