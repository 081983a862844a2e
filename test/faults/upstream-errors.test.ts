import { expect, test } from "@jest/globals";
import { httpAnswer, refusedPort } from "../helpers/upstream.js";
import type { Mischief } from "./harness/ebp-proxy.js";
import { expectNoHarm } from "./harness/oracle.js";
import { settle } from "./harness/settle.js";
import { registered } from "./harness/webhook.js";
import type { Request } from "./harness/requests.js";
import { Dice, sized } from "./harness/size.js";
import { eachOf } from "./harness/wait.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const CANCELS = sized(100);
const CALLERS = 20;
const PAGE = "<html><body><h1>The request could not be served</h1></body></html>";

const world = useWorld({ dice, proxied: true });

const page = (status: number): Required<Mischief>["answer"] => {
  return (socket) => socket.write(httpAnswer(status, PAGE, { "Content-Type": "text/html" }));
};

const IN_DOUBT: readonly (readonly [what: string, answer: Required<Mischief>["answer"]])[] = [
  ["HTTP 500", page(500)],
  ["HTTP 502", page(502)],
  ["HTTP 503", page(503)],
  ["HTTP 504", page(504)],
  ["a connection reset", (socket) => socket.resetAndDestroy()],
  ["a connection closed without an answer", (socket) => socket.destroy()],
];

test.each(IN_DOUBT)(
  "%s proves nothing: it is in doubt, whether money moved or not, until evidence decides",
  async (what, answer) => {
    await eachOf([...Array(CANCELS).keys()], CALLERS, async () => {
      const request = registered(world);
      world.upstream.plan(request.itemId, { reaches: dice.pick(["now", "later", "never"]), answer });
      const { told } = await world.callers.insist(() => world.app.url, request);
      expect(told).toMatchObject({ status: "UNKNOWN", safeToRetry: false });
    });
    await world.upstream.land();
    await settle(world);
    await expectNoHarm(world, what);
  },
);

test("HTTP 429 of a gateway proves that nothing was cancelled: it has failed, and is safe to repeat", async () => {
  await eachOf([...Array(CANCELS).keys()], CALLERS, async () => {
    const request = registered(world);
    world.upstream.plan(request.itemId, { reaches: "never", answer: page(429) });
    await expectSafeFailureAndRetry(world.app.url, request);
  });
  await expectNoHarm(world, "HTTP 429");
});

const UNREACHABLE: readonly (readonly [what: string, baseUrl: () => Promise<string>])[] = [
  ["a refused connection", async () => `http://127.0.0.1:${await refusedPort()}`],
  ["a TLS handshake that fails", () => Promise.resolve(world.upstream.url.replace("http:", "https:"))],
  ["a host name that does not resolve", () => Promise.resolve("http://ebp.invalid")],
];

test.each(UNREACHABLE)(
  "%s proves that nothing was sent: it has failed, and is safe to repeat",
  async (what, baseUrl) => {
    const app = await world.startApp({ EBP_BASE_URL: await baseUrl(), EBP_TIMEOUT_MS: "5000" });
    await eachOf([...Array(CANCELS).keys()], CALLERS, () =>
      expectSafeFailureAndRetry(app.url, registered(world)),
    );
    await app.close();
    await expectNoHarm(world, what);
  },
);

async function expectSafeFailureAndRetry(url: string, request: Request): Promise<void> {
  const { told } = await world.callers.insist(() => url, request);
  expect(told).toMatchObject({ status: "FAILED", safeToRetry: true });
  expect(world.simulator.ledger.received(request.orderNo)).toEqual([]);
  const retry = world.callers.request({ orderNo: request.orderNo });
  expect((await world.callers.insist(() => world.app.url, retry)).told?.status).toBe("SUCCEEDED");
}
