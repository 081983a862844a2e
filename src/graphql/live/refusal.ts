import type { GraphQLFormattedError } from "graphql";

/** An answer to a subscription that does not begin. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly errors: readonly GraphQLFormattedError[] };
}

const STATUSES: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  BAD_USER_INPUT: 400,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};

export function refusalOf(errors: readonly GraphQLFormattedError[]): Refusal {
  const { code, retryAfterSeconds } = errors[0]?.extensions ?? {};
  return {
    status: STATUSES[String(code)] ?? 500,
    headers: {
      "content-type": "application/json; charset=utf-8",
      ...(typeof retryAfterSeconds === "number" && { "retry-after": String(retryAfterSeconds) }),
    },
    body: { errors },
  };
}
