import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { createGate } from "../../helpers/gate.js";
import { refresh, resolve } from "../../helpers/in-doubt.js";
import { subscribe, type LiveStream } from "../../helpers/live.js";
import { cancel, cancelInput } from "../../helpers/operations.js";
import { startService, type TestReplica, type TestService } from "../../helpers/service.js";
import { deliver, webhookBody } from "../../helpers/webhooks.js";

const gate = createGate();
let service: TestService;
let other: TestReplica;
beforeAll(async () => {
  service = await startService({ simulator: { beforeAnswer: () => gate.pass() } });
  other = await service.replica();
});
afterAll(() => service.close());

const streams: LiveStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.hangUp();
  gate.open();
});

async function follow(variables: object, where: Pick<TestReplica, "url"> = service): Promise<LiveStream> {
  const stream = await subscribe(where, variables);
  expect(stream.status).toBe(200);
  streams.push(stream);
  return stream;
}

describe.each([
  ["the same replica", () => service],
  ["another replica", () => other],
])("whoever follows on %s sees", (_where, where) => {
  test("a cancel begin, and succeed", async () => {
    const input: any = cancelInput();
    const stream = await follow({ orderNo: input.orderNo }, where());
    gate.close();
    const cancelling = cancel(service, input);
    expect(await stream.change()).toMatchObject({ orderNo: input.orderNo, status: "PENDING" });
    gate.open();
    expect(await stream.change()).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });
    await cancelling;
  });
});
