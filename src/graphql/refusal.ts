import { HeaderMap } from "@apollo/server";
import { GraphQLError } from "graphql";

/**
 * Refuses a whole request. Thrown, not rejected, by plugins that come before the rate limit: then that is not asked, and the caller is
 * not charged.
 * @param retryAfterSeconds when it is worth coming again; null where waiting does not help.
 */
export function refusal(
  code: string,
  status: number,
  message: string,
  retryAfterSeconds: number | null = null,
): GraphQLError {
  const headers = new HeaderMap();
  if (retryAfterSeconds !== null) headers.set("retry-after", String(retryAfterSeconds));
  return new GraphQLError(message, {
    extensions: {
      code,
      ...(retryAfterSeconds !== null && { retryAfterSeconds }),
      http: { status, headers },
    },
  });
}
