import { once } from "node:events";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { FastifyInstance } from "fastify";
import { maxOpenFiles, mostConnections } from "../../src/http/connections.js";
import { createHttpServer } from "../../src/http/server.js";
import { createGate, type Gate } from "../helpers/gate.js";
import { openClient, type Client } from "../helpers/raw-http.js";

const MOST = 4;

const clients: Client[] = [];
let app: FastifyInstance;
let gate: Gate;
beforeEach(async () => {
  gate = createGate();
  app = createHttpServer({ logLevel: "silent", maxConnections: MOST });
  app.get("/", () => ({ answered: true }));
  app.get("/slow", async () => {
    await gate.pass();
    return { answered: true };
  });
  app.post("/", ({ body }) => ({ body }));
  await app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  gate.open();
  for (const { socket } of clients.splice(0)) socket.destroy();
  await app.close();
});

async function open(): Promise<Client> {
  const client = await openClient(app.server);
  clients.push(client);
  return client;
}

const times = async (count: number): Promise<Client[]> => {
  const clients: Client[] = [];
  while (clients.length < count) clients.push(await open());
  return clients;
};

async function ask({ socket }: Client): Promise<string> {
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [string];
  return answer;
}

describe("when there are as many connections as may be, the newest", () => {
  test("takes the place of the one that has been idle longest", async () => {
    const [first, second, ...others] = await times(MOST);
    const newest = await open();
    await first?.ended;
    const nextNewest = await open();
    await second?.ended;
    expect(others.map(({ isOpen }) => isOpen())).toEqual([true, true]);
    for (const client of [...others, newest, nextNewest]) expect(await ask(client)).toContain("200 OK");
  });

  test("leaves a connection whose last answer was not as long ago", async () => {
    const [first, second] = await times(MOST);
    if (first !== undefined) await ask(first);
    await open();
    await second?.ended;
    expect(first?.isOpen()).toBe(true);
  });

  test("leaves a connection whose request is being answered, for however long", async () => {
    gate.close();
    const patient = await open();
    patient.socket.write("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await once(app.server, "request");
    await times(5 * MOST);
    gate.open();
    expect(await patient.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n.+\{"answered":true\}$/su);
  });

  test.each([
    ["headers", "POST / HTTP/1.1\r\nHost: a\r\n"],
    [
      "a body",
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"a',
    ],
  ])("takes the place of one that began with %s and sends no more", async (_what, beginning) => {
    const slow = await open();
    slow.socket.write(beginning);
    await times(2 * MOST);
    expect(await slow.ended).toBe("");
  });

  test("is refused while all others are being answered, and is served after that", async () => {
    gate.close();
    const busy = await times(MOST);
    for (const { socket } of busy) {
      socket.write("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await once(app.server, "request");
    }
    expect(await (await open()).ended).toBe("");
    gate.open();
    for (const { ended } of busy) expect(await ended).toContain("200 OK");
    expect(await ask(await open())).toContain("200 OK");
  });
});

describe("how many connections there may be", () => {
  test.each([
    [0, 16],
    [256, 80],
    [1_024, 464],
    [Number.POSITIVE_INFINITY, 10_000],
  ])("is less than half of the files that may be open: of %d, %d", (openFiles, most) => {
    expect(mostConnections(openFiles)).toBe(most);
  });

  test.each([
    ["Max open files            1024                 524288               files", 1_024],
    ["Max open files            unlimited            unlimited            files", Number.POSITIVE_INFINITY],
    ["Max processes             63432                63432                processes", 1_024],
  ])("is by the soft limit: %s", async (line, expected) => {
    const folder = await mkdtemp(join(tmpdir(), "ebp-limits-test-"));
    const path = join(folder, "limits");
    await writeFile(
      path,
      `Limit                     Soft Limit           Hard Limit           Units\n${line}\n`,
    );
    expect(maxOpenFiles(path)).toBe(expected);
    await rm(folder, { recursive: true });
  });

  test("is by what is usual where the limit cannot be read", () => {
    expect(maxOpenFiles("/nowhere/limits")).toBe(1_024);
  });
});
