export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends it once. Answers the HTTP status, or null for a receiver that cannot be reached or does not answer in time. */
export async function postWebhook(
  url: string,
  { headers, body }: SignedWebhook,
  timeoutMs: number,
  closing: AbortSignal,
): Promise<number | null> {
  const giveUp = new AbortController();
  const stop = (): void => giveUp.abort();
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the time-out before it fires.
  const timer = setTimeout(stop, timeoutMs);
  timer.unref();
  closing.addEventListener("abort", stop);
  try {
    const { signal } = giveUp;
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", stop);
  }
}
