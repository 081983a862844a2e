import { describe, expect, test } from "@jest/globals";
import { createCursors } from "../../src/cancellation/history/cursors.js";
import type { RefundAccount } from "../../src/cancellation/model/cancel-request.js";
import { identifierFaults, proseFaults } from "../../src/cancellation/request/field-rules.js";
import { maskRefundAccount } from "../../src/cancellation/request/refund-account.js";
import { MAX_ANSWER_BYTES, type Exchange } from "../../src/ebp/exchange.js";
import { parseJson } from "../../src/ebp/json.js";
import { readPaymentState } from "../../src/ebp/payment-state-table.js";
import { readLiveStatus } from "../../src/ebp/live-status-table.js";
import { readOutcome } from "../../src/ebp/read-outcome.js";
import { createWebhookReader } from "../../src/ebp/webhook.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/signatures.js";
import { cancelRequest } from "../helpers/examples.js";
import { PAYMENT_STATUSES } from "../helpers/upstream-client.js";
import { boundFor, cpuMs, repeated, UNITS } from "./hostile-texts.js";

/** What stands in the places of an answer, each filled with one unit. */
const ROOM_BYTES = MAX_ANSWER_BYTES - 4_096;

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Of at most so many bytes, however much JSON makes of them. */
function filled(unit: string, bytes: number): string {
  return inJson(unit).repeat(Math.floor(bytes / Buffer.byteLength(inJson(unit))));
}

/** Answers of EBP that are full of it: in one text, in many, and as no JSON at all. */
function answersFullOf(unit: string): [rejection: Buffer, acceptance: Buffer, page: Buffer] {
  const all = filled(unit, ROOM_BYTES);
  const part = filled(unit, ROOM_BYTES / 6);
  const texts = [
    `{"resultCode":"EBP-C-0004","requestId":"r","timestamp":"t","message":"${all}"}`,
    `{"resultCode":"0","requestId":"${part}","errors":[{"field":"${part}","message":"${part}"}],
      "data":{"orderNo":"ORD-1","paymentStatus":"${part}","buyerName":"${part}","${part}":1}}`,
    `<html>${repeated(unit, ROOM_BYTES)}`,
  ] as const;
  const bytes = (text: string): Buffer => Buffer.from(text).subarray(0, MAX_ANSWER_BYTES);
  return [bytes(texts[0]), bytes(texts[1]), bytes(texts[2])];
}

function answered(body: Buffer, httpStatus: number): Exchange {
  return {
    sentAt: 1,
    end: "complete",
    httpStatus,
    headers: { "content-length": "1" },
    body,
    errorCode: null,
  };
}

/** With an account that is made of the same. */
function accountOf(unit: string): RefundAccount {
  const holder = repeated(unit, 90).slice(0, 100);
  return { accountNumber: "1111111111", bankCode: "001", accountHolderName: holder };
}

describe.each(UNITS.map((unit) => ({ shown: JSON.stringify(unit), unit })))("of $shown", ({ unit }) => {
  test("1 MB in an answer of EBP is read within the bound", async () => {
    const request = cancelRequest({ refundAccount: accountOf(unit) });
    const question = { storeId: "SIM-KR", orderNo: "ORD-1", refundAccount: accountOf(unit) };
    const [rejection, acceptance, page] = answersFullOf(unit);
    const works = [
      () => readOutcome(answered(rejection, 400), request),
      () => readPaymentState(answered(acceptance, 200), question, PAYMENT_STATUSES),
      () => readLiveStatus(answered(page, 502), "ORD-1", PAYMENT_STATUSES),
    ];
    const bound = boundFor(MAX_ANSWER_BYTES);
    for (const work of works) {
      const cost = await cpuMs(bound, work);
      // On a machine that is that slow now, the library that reads JSON takes longer than that as well.
      const onThisMachine =
        cost > bound ? 3 * (await cpuMs(0, () => parseJson(rejection.toString()))) : bound;
      expect(cost).toBeLessThanOrEqual(Math.max(bound, onThisMachine));
    }
  });

  test("100 kB in a webhook, a field of a request or a cursor is judged within the bound", async () => {
    const text = repeated(unit, 100_000);
    const secret = "a secret that the tests know";
    const reader = createWebhookReader({ secrets: new Map([[secret, ["SIM-KR"]]]), amounts: "minor" });
    const body = Buffer.from(
      `{"eventType":"${filled(unit, 30_000)}","eventTime":"${filled(unit, 30_000)}","data":{"orderNo":"${filled(unit, 30_000)}"}}`,
    );
    const headers = {
      [SIGNATURE_HEADER]: signWebhook(body, "1790000000", secret),
      [TIMESTAMP_HEADER]: "1790000000",
    };
    const cursors = createCursors([Buffer.alloc(32, 1)]);
    const account = { ...accountOf(unit), accountNumber: text };
    const works: (() => unknown)[] = [
      () => reader.read(headers, body),
      () => identifierFaults("input.orderNo", text, 1_000_000),
      () => proseFaults("input.note", text, 1_000_000, accountOf(unit)),
      () => proseFaults("input.note", text, 1_000_000, account),
      () => maskRefundAccount({ ...account, accountHolderName: text }),
      () => attempt(() => cursors.decode(text, { field: "CREATED_AT", direction: "ASC" }, "after")),
    ];
    for (const work of works) expect(await cpuMs(boundFor(1), work)).toBeLessThanOrEqual(boundFor(1));
  });
});

function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // Refused: that is an answer.
  }
}
