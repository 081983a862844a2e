const REQUEST_TIMEOUT_MS = 30_000;

/** What one request took, until its answer had been received whole, and what was answered. */
export async function ask(url, query, variables, interrupted) {
  const body = JSON.stringify({ query, variables });
  const start = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.any([interrupted, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  const text = await response.text();
  const ms = performance.now() - start;
  const { data, errors } = JSON.parse(text);
  if (errors !== undefined) throw new Error(errors[0].message);
  return { ms, data };
}
