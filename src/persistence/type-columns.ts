import { ITEM_TYPES, type ItemType } from "../cancellation/model/cancel-request.js";

/** Where a cancellation has what its lines of one kind add up to; null where it has no such line. */
export interface TypeColumns {
  readonly type: ItemType;
  readonly amount: string;
  readonly tax: string;
}

export const TYPE_COLUMNS: readonly TypeColumns[] = ITEM_TYPES.map((type) => {
  const name = type.toLowerCase();
  return { type, amount: `${name}_amount`, tax: `${name}_tax_amount` };
});
