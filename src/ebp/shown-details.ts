import { asString, type JsonObject } from "./json-values.js";
import type { ShownDetails } from "./payment-state-table.js";
import { isSameOrder, type ReadExchange } from "./read-exchange.js";

/** What an answer to a question about an order tells of its payment. */
export function shownDetails({ happened, text, envelope }: ReadExchange, orderNo: string): ShownDetails {
  const data = envelope?.data ?? null;
  return {
    left: happened.sentAt !== null,
    end: happened.end,
    httpStatus: happened.httpStatus,
    text,
    isSameOrder: isSameOrder(envelope, orderNo),
    paymentStatus: asString(data?.["paymentStatus"]),
    cancelTransaction: cancelTransactionOf(data),
  };
}

/** Blanks are no id, and not the documented absence of one either. */
function cancelTransactionOf(data: JsonObject | null): ShownDetails["cancelTransaction"] {
  const id = data?.["pgCancelTransactionId"] ?? "";
  if (typeof id !== "string" || (id !== "" && id.trim() === "")) return "illegible";
  return id === "" ? "none" : "some";
}
