const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS = { "content-type": "application/json" };

/** What one request took, until its answer had been received whole, and what was answered. */
export async function ask(service, query, variables, interrupted) {
  const request = JSON.stringify({ query, variables });
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
  const start = performance.now();
  const { body } = await service.request({
    method: "POST",
    path: "/graphql",
    headers: HEADERS,
    body: request,
    signal,
  });
  const text = await body.text();
  const ms = performance.now() - start;
  const { data, errors } = JSON.parse(text);
  if (errors !== undefined) throw new Error(errors[0].message);
  return { ms, data };
}
