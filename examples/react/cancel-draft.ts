import { useState } from "react";
import type { CancelPaymentInput } from "../generated/operations.js";

/** What the form's fields say. */
export interface CancelFields {
  readonly orderNo: string;
  readonly itemId: string;
  readonly amount: string;
  readonly total: string;
}

/** One intention to cancel: its key stays the same until it is decided, whatever happens to the page. */
export interface CancelDraft {
  readonly idempotencyKey: string;
  readonly fields: CancelFields;
  /** It may have arrived. Until an answer says that it was refused, its key stands for these fields. */
  readonly isSent: boolean;
}

export function newDraft(): CancelDraft {
  const fields = { orderNo: "", itemId: "", amount: "", total: "" };
  return { idempotencyKey: crypto.randomUUID(), fields, isSent: false };
}

export function inputOf({ idempotencyKey, fields }: CancelDraft): CancelPaymentInput {
  const { orderNo, itemId, amount, total } = fields;
  const items = [{ seq: 1, itemType: "PHYSICAL" as const, itemId, quantity: 1, amount }];
  return { idempotencyKey, orderNo, totalCancelAmount: total, items };
}

const STORAGE_KEY = "cancel-draft";

export function loadDraft(): CancelDraft | null {
  const saved = sessionStorage.getItem(STORAGE_KEY);
  return saved === null ? null : (JSON.parse(saved) as CancelDraft);
}

function saveDraft(draft: CancelDraft): CancelDraft {
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(draft));
  return draft;
}

/** The draft as React's state. It is saved first: a reload finds what was sent. */
export function useCancelDraft(): readonly [CancelDraft, (draft: CancelDraft) => void] {
  const [draft, setDraft] = useState(() => loadDraft() ?? saveDraft(newDraft()));
  return [draft, (next) => setDraft(saveDraft(next))];
}
