/** Whether a token proves who calls cannot be told now: its key cannot be fetched. Not the caller's fault, and it may pass. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";

  constructor(url: URL, cause: unknown) {
    super(`fetching the keys that check callers' tokens from ${url.origin}${url.pathname}: it failed`, {
      cause,
    });
  }
}
