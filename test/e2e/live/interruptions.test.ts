import { expect, test } from "@jest/globals";
import { createConnection, type Socket } from "node:net";
import { until } from "../../helpers/gate.js";
import { CHANGED, useFollow } from "../../helpers/live.js";
import { cancel, cancelInput } from "../../helpers/operations.js";
import { useService } from "../../helpers/service.js";

const LISTENERS = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";

const service = useService();

const follow = useFollow();

async function listeners(): Promise<number> {
  return (await service.sql(`SELECT pid ${LISTENERS}`)).length;
}

test("a cut listening connection is replaced, and changes that were never announced are found", async () => {
  const { cancellation } = await cancel(service, cancelInput());
  const [ofStore, byId] = [
    await follow(service, { storeId: "SIM-KR" }),
    await follow(service, { id: cancellation.id }),
  ];
  expect((await byId.change()).id).toBe(cancellation.id);
  expect(await listeners()).toBe(1);
  // Like a process that dies between its commit and the announcement.
  await service.sql(`WITH event AS (
      INSERT INTO cancellation_event (store_id, cancellation_id, number, to_status, source)
      SELECT store_id, id, event_count + 1, 'SUCCEEDED', 'LOOKUP' FROM cancellation RETURNING cancellation_id)
    UPDATE cancellation SET event_count = event_count + 1, settlement = 'VOIDED' FROM event WHERE id = cancellation_id`);
  await service.sql(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
  for (const stream of [ofStore, byId])
    expect((await stream.changeWhere(({ settlement }) => settlement === "VOIDED")).id).toBe(cancellation.id);
  expect(await listeners()).toBe(1);
  const next: any = cancelInput();
  await cancel(service, next);
  expect((await ofStore.change()).orderNo).toBe(next.orderNo);
});

test("a stop ends streams at once without completing them, so that clients reconnect to another replica", async () => {
  const stream = await follow(service);
  await cancel(service, cancelInput());
  await stream.changeWhere(({ status }) => status === "SUCCEEDED");
  const rest = stream.rest();
  await service.restart();
  expect(await rest).toEqual([]);
  await follow(service);
});

test("a reader that stops for a while holds up nobody, and then gets the newest state of everything", async () => {
  const { hostname, port } = new URL(service.url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  await open(socket);
  socket.pause();
  const other = await follow(service);
  const inputs = Array.from({ length: 10 }, () => cancelInput());
  for (const input of inputs) await cancel(service, input);
  const seen = new Set<string>();
  while (seen.size < inputs.length) {
    const { id, status } = await other.change();
    if (status === "SUCCEEDED") seen.add(id);
  }
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString()));
  socket.resume();
  await until(() =>
    [...seen].every((id) => new RegExp(`"id":"${id}"[^\\n]*"status":"SUCCEEDED"`, "u").test(text)),
  );
  socket.destroy();
});

/** Subscribes over a bare connection, and reads until the stream has begun. */
async function open(socket: Socket): Promise<void> {
  const body = JSON.stringify({ query: CHANGED });
  const begun = new Promise<void>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.includes("\r\n\r\n")) resolve();
    });
  });
  socket.on("error", () => undefined);
  socket.write(
    `POST /graphql/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await begun;
}
