import type { ServerResponse } from "node:http";
import { LosslessNumber, stringify } from "lossless-json";
import type { AmountBasis } from "../src/cancellation/model/store.js";
import type { Decimal } from "../src/cancellation/model/decimal.js";
import type { Language } from "../src/cancellation/model/payment-gateway.js";
import type { EnvelopeDetail } from "../src/ebp/answer.js";
import { totalsOf, type SimulatedCancel, type SimulatedItem } from "./cancel-body.js";
import { paymentStatus, type Payment, type Tracking } from "./payments.js";

export const HTML_PAGE = "<!doctype html><html><body><h1>The request could not be served</h1></body></html>";
const JSON_TYPE = "application/json; charset=utf-8";

export type Wording = Readonly<Record<Language, string>>;

/** EBP-C-0005 means any "other validation". Its usual wording here is about a refused cancel. */
export const ORDER_NOT_FOUND: Wording = { en: "Order not found", ko: "주문을 찾을 수 없습니다" };

const MESSAGES: Readonly<Record<string, Wording>> = {
  "EBP-A-0001": { en: "Missing Mandatory Headers", ko: "필수 헤더가 누락되었습니다" },
  "EBP-C-0004": { en: "Validation failed", ko: "유효성 검사에 실패했습니다" },
  "EBP-C-0005": {
    en: "Partial cancel is not possible before capture",
    ko: "매입 전에는 부분 취소할 수 없습니다",
  },
  "EBP-C-0006": { en: "Invalid request format", ko: "요청 형식이 올바르지 않습니다" },
  "EBP-C-0007": { en: "Request does not match the schema", ko: "요청이 스키마와 일치하지 않습니다" },
  "EBP-C-0010": { en: "Cancellation failed", ko: "취소에 실패했습니다" },
  "EBP-C-0011": { en: "Temporary error, retry recommended", ko: "일시적인 오류입니다. 다시 시도하십시오" },
  "EBP-C-0012": { en: "System critical error", ko: "심각한 시스템 오류입니다" },
  "EBP-D-0001": { en: "Payment gateway error", ko: "결제 게이트웨이 오류입니다" },
  "EBP-Z-0002": { en: "No such endpoint", ko: "존재하지 않는 주소입니다" },
  "EBP-Z-0005": { en: "Payment cancellation error", ko: "결제 취소 오류입니다" },
  "EBP-Z-0010": { en: "Internal error", ko: "내부 오류입니다" },
};

export function errorAnswer(
  resultCode: string,
  language: Language,
  tracking: Tracking,
  details: readonly EnvelopeDetail[] = [],
  wording: Wording | undefined = MESSAGES[resultCode],
): string {
  const named = resultCode === "EBP-A-0001" ? "header" : "field";
  return json({
    resultCode,
    message: wording?.[language] ?? resultCode,
    ...tracking,
    ...(details.length > 0 && {
      errors: details.map(({ field, message }) => ({ [named]: field, message })),
    }),
  });
}

/** The published shape: totals of products and of delivery, and the items as they were sent; never the refund account. */
export function successAnswer(
  cancel: SimulatedCancel,
  basis: AmountBasis,
  returnRequestId: string,
  tracking: Tracking,
  discrepancy: Decimal,
): string {
  const isDelivery = ({ itemType }: SimulatedItem): boolean => itemType === "DELIVERY";
  const products = totalsOf(
    cancel.items.filter((item) => !isDelivery(item)),
    basis,
  );
  const delivery = totalsOf(cancel.items.filter(isDelivery), basis);
  return json({
    resultCode: "0",
    message: "SUCCESS",
    ...tracking,
    data: {
      orderNo: cancel.orderNo,
      totalProductAmount: number(products.amount.plus(discrepancy)),
      totalProductTaxAmount: number(products.taxAmount),
      totalDeliveryAmount: number(delivery.amount),
      totalDeliveryTaxAmount: number(delivery.taxAmount),
      processedCount: cancel.items.length,
      returnRequestId,
      items: cancel.items.map(({ seq, itemType, itemId, quantity, written: { amount, taxAmount } }) => {
        return { seq, itemType, itemId, quantity, amount, ...(taxAmount !== null && { taxAmount }) };
      }),
    },
  });
}

/** Only fields with published names. A payment without a cancel has no cancel id. */
export function detailAnswer(payment: Payment, tracking: Tracking): string {
  const { orderNo, storeRequestNo, pgTransactionId, pgCancelTransactionId } = payment;
  return json({
    resultCode: "0",
    message: "SUCCESS",
    ...tracking,
    data: {
      orderNo,
      storeRequestNo,
      pgTransactionId,
      ...(pgCancelTransactionId !== null && { pgCancelTransactionId }),
      buyerName: "Simulated Buyer",
      paymentStatus: paymentStatus(payment),
    },
  });
}

function number(value: Decimal): LosslessNumber {
  return new LosslessNumber(value.toFixed());
}

function json(fields: object): string {
  return stringify(fields) ?? "";
}

/** What goes over the wire. */
export type Reply =
  | { readonly kind: "answer"; readonly httpStatus: number; readonly body: string; readonly type?: string }
  | { readonly kind: "truncated"; readonly body: string }
  | { readonly kind: "silence" | "reset" };

/** Resolves when the answer is handed over or the peer has hung up. For "silence" that is only the latter. */
export async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  const over = new Promise<void>((resolve) => {
    if (response.destroyed) resolve();
    response.once("close", resolve);
  });
  if (reply.kind === "reset") response.socket?.resetAndDestroy();
  if (reply.kind === "truncated") {
    writeHead(response, 200, JSON_TYPE, reply.body);
    response.write(reply.body.slice(0, reply.body.length / 2), () => response.destroy());
  }
  if (reply.kind === "answer") {
    writeHead(response, reply.httpStatus, reply.type ?? JSON_TYPE, reply.body);
    response.end(reply.body);
  }
  await over;
}

function writeHead(response: ServerResponse, httpStatus: number, type: string, body: string): void {
  response.writeHead(httpStatus, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
}
