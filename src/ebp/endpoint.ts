/** Cancel Payment, EBP_API_232. */
export const CANCEL_METHOD = "POST";
export const CANCEL_PATH = "/api/v2/payment/cancel";

/** The endpoint under a store's base URL, which may end in a slash or carry a path prefix. */
export function cancelUrl(baseUrl: string): URL {
  return new URL(baseUrl.replace(/\/+$/u, "") + CANCEL_PATH);
}
