/** Where webhooks go, as it would be registered with EBP. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
  /** `minor` unless stated: 12.50 USD is 1250. */
  readonly amounts?: "minor" | "major";
}

/** From WEBHOOK_URL and WEBHOOK_SECRET; null when neither is set. Throws a TypeError for one without the other. */
export function readWebhookTarget(env: Readonly<Record<string, string | undefined>>): WebhookTarget | null {
  const { WEBHOOK_URL: url = "", WEBHOOK_SECRET: secret = "" } = env;
  if (url === "" && secret === "") return null;
  if (url === "" || secret === "")
    throw new TypeError("WEBHOOK_URL and WEBHOOK_SECRET go together: set both");
  return { url: new URL(url).href, secret };
}
