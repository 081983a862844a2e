import type { onRequestHookHandler } from "fastify";

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
