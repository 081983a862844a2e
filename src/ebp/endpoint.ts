/** Cancel Payment, EBP_API_232. */
export const CANCEL_METHOD = "POST";
export const CANCEL_PATH = "/api/v2/payment/cancel";

/** Get Payment Details, EBP_API_237. */
export const DETAIL_METHOD = "POST";
export const DETAIL_PATH = "/api/v2/payment/detail";

export function cancelUrl(baseUrl: string): URL {
  return endpointUrl(baseUrl, CANCEL_PATH);
}

export function detailUrl(baseUrl: string): URL {
  return endpointUrl(baseUrl, DETAIL_PATH);
}

/** An endpoint under a store's base URL, which may end in a slash or carry a path prefix. */
function endpointUrl(baseUrl: string, path: string): URL {
  return new URL(baseUrl.replace(/\/+$/u, "") + path);
}
