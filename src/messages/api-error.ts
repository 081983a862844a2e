import { MESSAGES, type Text } from "./messages.js";

interface ApiErrorDetails {
  /** More about the error for programs, beside its code. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** A request that is not served. Whoever throws it, the HTTP server's error handler answers it in the caller's language. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | number>>;

  constructor(
    readonly statusCode: number,
    code: string,
    readonly text: Text,
    { extensions = {}, headers = {} }: ApiErrorDetails = {},
  ) {
    super(text(MESSAGES.en));
    this.extensions = { code, ...extensions };
    this.headers = headers;
  }
}

/** The caller may try again after so many seconds: it asked too often (429), or the service cannot answer now (503). */
export function retryLater(statusCode: 429 | 503, retryAfterSeconds: number, text: Text): ApiError {
  return new ApiError(statusCode, statusCode === 429 ? "RATE_LIMITED" : "SERVICE_UNAVAILABLE", text, {
    extensions: { retryAfterSeconds },
    headers: { "retry-after": retryAfterSeconds },
  });
}

/** The body of every error that the HTTP server answers; a GraphQL client reads it like any other. */
export function errorBody(message: string, extensions: Readonly<Record<string, unknown>>): object {
  return { errors: [{ message, extensions }] };
}
