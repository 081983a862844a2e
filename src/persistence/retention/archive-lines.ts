/** What a line of an archive of cancellations has, as far as it is read again. Its columns are those of the database, by their names. */
export interface CancellationLine {
  readonly cancellation: ArchivedColumns;
  readonly events: readonly ArchivedEvent[];
}

/** Those that are emptied once they are archived, and the id. What is sealed is in base64. */
interface ArchivedColumns {
  readonly store_id: string;
  readonly id: string;
  readonly note: string | null;
  readonly bank_code: string | null;
  readonly account_last_four: string | null;
  readonly account_holder_masked: string | null;
  readonly refund_account_sealed: string | null;
  readonly refund_account_key_id: string | null;
  readonly failure_details: unknown;
}

interface ArchivedEvent {
  readonly cancellation_id: string;
  readonly number: number;
  readonly at: string;
  readonly source: string;
  readonly answer_sealed: string | null;
  readonly answer_key_id: string | null;
}

/** A line of an archive of webhooks. */
export interface WebhookLine {
  readonly webhook: ArchivedWebhook;
}

export interface ArchivedWebhook {
  readonly digest: string;
  readonly store_ids: readonly string[] | null;
  readonly order_no: string | null;
  readonly event_type: string | null;
  readonly received_at: string;
  readonly body_sealed: string | null;
  readonly body_key_id: string | null;
}

/** The last line of an archive: without it, or with another digest, the file is not whole. */
export interface LastLine {
  /** Lines before this one. */
  readonly lines: number;
  /** SHA-256, in hex, over the bytes of those lines, each with its line feed. */
  readonly sha256: string;
}

/** What of a cancellation is in a file, in one line or several: as much as is needed to remove it. */
export interface ArchivedCancellation {
  readonly row: ArchivedColumns;
  readonly events: Pick<ArchivedEvent, "cancellation_id" | "number" | "answer_key_id">[];
}

/** Gathers what the lines of a file have, in their order. One whose events fill several lines is gathered from all of them. */
export class ArchivedCancellations {
  readonly all: ArchivedCancellation[] = [];

  add({ cancellation, events }: CancellationLine): void {
    const last = this.all.at(-1);
    const numbers = events.map(({ cancellation_id, number, answer_key_id }) => ({
      cancellation_id,
      number,
      answer_key_id,
    }));
    if (last?.row.id === cancellation.id) last.events.push(...numbers);
    else this.all.push({ row: cancellation, events: numbers });
  }
}
