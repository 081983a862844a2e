import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createConnection, type Socket } from "node:net";
import { createGate, until } from "../../helpers/gate.js";
import { CHANGED, subscribe, type LiveStream } from "../../helpers/live.js";
import { cancel, cancelInput } from "../../helpers/operations.js";
import { startService, type TestService } from "../../helpers/service.js";

const LISTENERS = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";

let service: TestService;
const gate = createGate();
const streams: LiveStream[] = [];
beforeEach(async () => {
  service = await startService({ simulator: { beforeAnswer: () => gate.pass() } });
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.hangUp();
  await service.close();
});

async function follow(variables: object = {}): Promise<LiveStream> {
  const stream = await subscribe(service, variables);
  streams.push(stream);
  return stream;
}

async function listeners(): Promise<number> {
  return (await service.sql(`SELECT pid ${LISTENERS}`)).length;
}

describe("when the connection that is listened on is cut", () => {
  test("there is another soon, and what nobody has announced is told", async () => {
    const { cancellation } = await cancel(service, cancelInput());
    const [ofStore, byId] = [await follow({ storeId: "SIM-KR" }), await follow({ id: cancellation.id })];
    expect((await byId.change()).id).toBe(cancellation.id);
    expect(await listeners()).toBe(1);
    // As another process would that dies before it has announced it: nobody ever hears of it but from the history.
    const events = `INSERT INTO cancellation_event (store_id, cancellation_id, number, to_status, source)
      SELECT store_id, id, event_count + 1, 'SUCCEEDED', 'LOOKUP' FROM cancellation RETURNING cancellation_id`;
    await service.sql(`WITH event AS (${events})
      UPDATE cancellation SET event_count = event_count + 1, settlement = 'VOIDED' FROM event WHERE id = cancellation_id`);
    await service.sql(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
    for (const stream of [ofStore, byId]) {
      // What was announced before may come first.
      let change = await stream.change();
      while (change.settlement !== "VOIDED") change = await stream.change();
      expect(change.id).toBe(cancellation.id);
    }
    expect(await listeners()).toBe(1);
    const next: any = cancelInput();
    await cancel(service, next);
    expect((await ofStore.change()).orderNo).toBe(next.orderNo);
  });
});

describe("a stop", () => {
  test("ends streams at once and in order, without a completion: a client comes again, to another replica", async () => {
    const stream = await follow();
    const { cancellation } = await cancel(service, cancelInput());
    while ((await stream.change()).status !== "SUCCEEDED");
    expect(cancellation.status).toBe("SUCCEEDED");
    const rest = stream.rest();
    await service.restart();
    expect(await rest).toEqual([]);
    expect((await follow()).status).toBe(200);
  });
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

test("a reader who stops for a while holds up nobody, and finds the newest state of everything when it goes on", async () => {
  const { hostname, port } = new URL(service.url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  await open(socket);
  socket.pause();
  const other = await follow();
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
