import { readAnswer, type AnswerText, type Envelope } from "./envelope.js";
import type { Exchange } from "./exchange.js";
import { asText } from "./json-values.js";

/** What one exchange says, as far as it can be read. */
export interface ReadExchange {
  readonly happened: Exchange;
  /** The answer's body as text, whatever it is. */
  readonly rawText: string;
  readonly text: AnswerText;
  /** Null when the answer is not EBP's, or cannot be read. */
  readonly envelope: Envelope | null;
}

export function readExchange(happened: Exchange): ReadExchange {
  const rawText = new TextDecoder().decode(happened.body);
  const text = answerText(happened, rawText);
  return { happened, rawText, text, envelope: text.kind === "envelope" ? text.envelope : null };
}

/** Whether the answer is about this order; null when it does not state one. */
export function isSameOrder(envelope: Envelope | null, orderNo: string): boolean | null {
  const stated = envelope?.data?.["orderNo"] ?? null;
  return stated === null ? null : asText(stated) === orderNo;
}

function answerText({ end, headers, body }: Exchange, rawText: string): AnswerText {
  if (end !== "complete") return { kind: "illegible" };
  // Compressed although nobody asked for it: it may hold anything.
  const encoding = headers["content-encoding"] ?? "identity";
  if (body.byteLength > 0 && encoding !== "identity") return { kind: "illegible" };
  return readAnswer(rawText);
}
