import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { CANCEL, cancelInput, item } from "../helpers/operations.js";
import { startService, type TestService } from "../helpers/service.js";
import { httpAnswer, startUpstream, type Upstream } from "../helpers/upstream.js";
import { repeated } from "./hostile-texts.js";

/** How EBP answers a cancel; what it shows of a payment has the same in a buyer's name. */
let answer: (orderNo: string) => Buffer;
let upstream: Upstream;
let service: TestService;
beforeAll(async () => {
  upstream = await startUpstream(({ body }, socket) => {
    const { orderNo } = JSON.parse(body.toString()) as { orderNo: string };
    socket.write(answer(orderNo));
  });
  service = await startService({ environment: { EBP_BASE_URL: upstream.url } });
});
afterAll(async () => {
  await service.close();
  await upstream.close();
});

const BACKSLASHES = repeated("\\", 40);

/** EBP's answer to a cancel, or to a question, with all that it was sent. */
function echo(orderNo: string, resultCode: string, text: string): Buffer {
  const data = {
    orderNo,
    buyerName: text,
    paymentStatus: "CAPTURED",
    itemId: text,
    items: [{ seq: 1, itemId: text }],
  };
  const envelope = { resultCode, message: text, requestId: "r", timestamp: "t", data };
  return httpAnswer(resultCode === "0" ? 200 : 500, JSON.stringify(envelope));
}

describe("a run of 40 backslashes as the holder's name and in what EBP answers", () => {
  const input = (orderNo: string): object =>
    cancelInput({
      orderNo,
      items: [item({ itemId: repeated("\\", 20) })],
      refundAccount: { accountNumber: "1234567890", accountHolderName: BACKSLASHES },
    });

  test.each([
    ["0", "SUCCEEDED"],
    ["EBP-C-0010", "FAILED"],
    ["EBP-Z-0001", "UNKNOWN"],
  ])("leaves the process alive, and the outcome stored, when it answers %s: %s", async (code, status) => {
    const orderNo = randomUUID();
    answer = () => echo(orderNo, code, BACKSLASHES);
    const { data } = await service.graphql(CANCEL, { input: input(orderNo) });
    expect(data.cancelPayment.cancellation).toMatchObject({ status });
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    expect(JSON.stringify(data)).not.toContain(JSON.stringify(BACKSLASHES).slice(1, -1));
  });

  test("leaves lookups that show it running, also of a cancel without an account", async () => {
    answer = (orderNo) => echo(orderNo, "EBP-Z-0001", BACKSLASHES);
    const ids: string[] = [];
    for (const changes of [{}, { refundAccount: null }]) {
      const { data } = await service.graphql(CANCEL, { input: { ...input(randomUUID()), ...changes } });
      ids.push(data.cancelPayment.cancellation.id);
    }
    answer = (orderNo) => echo(orderNo, "0", BACKSLASHES);
    await service.letTimePass("1 min");
    await service.reconcile();
    const rows = await service.sql("SELECT lookups FROM cancellation WHERE id = ANY ($1::uuid[])", [ids]);
    expect(rows).toEqual([{ lookups: 1 }, { lookups: 1 }]);
  });
});
