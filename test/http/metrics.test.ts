import { afterEach, describe, expect, test } from "@jest/globals";
import { register as globalRegistry } from "prom-client";
import { Metrics, type OpenCancellations, type Readings } from "../../src/http/monitoring.js";
import { createHttpServer } from "../../src/http/server.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

const NOTHING: Readings = {
  openCancellations: () => Promise.resolve([]),
  accessKeys: () => [],
  followers: () => 0,
};

/** @returns what looks at them. */
async function serve(
  metrics: Metrics,
  readings: Partial<Readings> = {},
  timeoutMs?: number,
): Promise<() => Promise<string>> {
  const app = createHttpServer({ logLevel: "silent" });
  releases.push(() => app.close());
  metrics.serve(app, { ...NOTHING, ...readings }, timeoutMs);
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return async () => {
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    return response.text();
  };
}

/** The samples of one metric, as they are written: `{labels} value`. */
function samples(text: string, name: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.map((line) => line.slice(name.length).trim());
}

const UNKNOWN: OpenCancellations = { status: "UNKNOWN", count: 2, oldestSeconds: 61.5 };
const PENDING: OpenCancellations = { status: "PENDING", count: 1, oldestSeconds: 0.25 };

test("the process is shown, and every counter from the start, so that the first of its kind is seen as a change", async () => {
  const text = await (await serve(new Metrics("1.2.3")))();
  for (const name of [
    "process_cpu_seconds_total",
    "nodejs_eventloop_lag_seconds",
    "ebp_contradictions_total",
  ])
    expect(samples(text, name).length).toBeGreaterThan(0);
  expect(samples(text, "ebp_webhooks_total")).toEqual([
    '{result="stored"} 0',
    '{result="repeated"} 0',
    '{result="refused"} 0',
  ]);
  expect(samples(text, "ebp_open_cancellations")).toEqual([]);
});

test("each instance's counts are kept apart, and out of the global registry", async () => {
  const [one, other] = [new Metrics("1.2.3"), new Metrics("1.2.3")];
  one.contradictions.inc();
  one.webhooks.inc({ result: "stored" });
  const [text, others] = [await (await serve(one))(), await (await serve(other))()];
  expect(samples(text, "ebp_contradictions_total")).toEqual(["1"]);
  expect(samples(text, "ebp_webhooks_total")[0]).toBe('{result="stored"} 1');
  expect(samples(others, "ebp_contradictions_total")).toEqual(["0"]);
  expect(globalRegistry.getMetricsAsArray()).toEqual([]);
});

test("access keys and followers are shown as they are at the moment of each look", async () => {
  let passed = 0;
  const look = await serve(new Metrics("1.2.3"), {
    accessKeys: () => [
      { storeId: "KR01", expiresInSeconds: 100 - passed },
      { storeId: 'US"01', expiresInSeconds: -1 - passed },
    ],
    followers: () => passed,
  });
  const name = "ebp_access_key_expires_in_seconds";
  expect(samples(await look(), name)).toEqual(['{store="KR01"} 100', '{store="US\\"01"} -1']);
  passed = 200;
  const text = await look();
  expect(samples(text, name)).toEqual(['{store="KR01"} -100', '{store="US\\"01"} -201']);
  expect(samples(text, "ebp_followers")).toEqual(["200"]);
});

describe("the open cancellations", () => {
  test("are read anew each time somebody looks", async () => {
    const answers = [[UNKNOWN, PENDING], [{ ...UNKNOWN, count: 1 }], []];
    const look = await serve(new Metrics("1.2.3"), {
      openCancellations: () => Promise.resolve(answers.shift() ?? []),
    });
    const first = await look();
    expect(samples(first, "ebp_open_cancellations")).toEqual([
      '{status="UNKNOWN"} 2',
      '{status="PENDING"} 1',
    ]);
    expect(samples(first, "ebp_oldest_open_cancellation_seconds")).toEqual([
      '{status="UNKNOWN"} 61.5',
      '{status="PENDING"} 0.25',
    ]);
    // A status that is no longer there is not shown as it was.
    expect(samples(await look(), "ebp_open_cancellations")).toEqual(['{status="UNKNOWN"} 1']);
    expect(samples(await look(), "ebp_open_cancellations")).toEqual([]);
  });

  test.each<[string, () => Promise<OpenCancellations[]>]>([
    ["fails", () => Promise.reject(new Error("SECRET"))],
    [
      "fails at once",
      () => {
        throw new Error("SECRET");
      },
    ],
    ["gives no numbers", () => Promise.resolve([UNKNOWN, { ...PENDING, count: "SECRET" as never }])],
    ["never ends", () => new Promise(() => undefined)],
  ])("are left out, and the rest is shown, when reading them %s", async (_how, failing) => {
    let read = (): Promise<OpenCancellations[]> => Promise.resolve([UNKNOWN]);
    const look = await serve(new Metrics("1.2.3"), { openCancellations: () => read() }, 50);
    expect(samples(await look(), "ebp_open_cancellations")).toHaveLength(1);
    read = failing;
    const text = await look();
    for (const name of ["ebp_open_cancellations", "ebp_oldest_open_cancellation_seconds"])
      expect(samples(text, name)).toEqual([]);
    expect(samples(text, "ebp_metrics_read_errors_total")).toEqual(["1"]);
    expect(samples(text, "ebp_webhooks_total")).toHaveLength(3);
    expect(text).not.toContain("SECRET");
  });

  test("are read once for all who look at the same time", async () => {
    let reads = 0;
    let answer: (open: OpenCancellations[]) => void = () => undefined;
    const answered = new Promise<OpenCancellations[]>((resolve) => (answer = resolve));
    const counted = (): Promise<OpenCancellations[]> => {
      reads += 1;
      return answered;
    };
    let asked = 0;
    const look = await serve(new Metrics("1.2.3"), {
      openCancellations: counted,
      followers: () => (asked += 1),
    });
    const looks = Array.from({ length: 10 }, () => look());
    while (asked < 10) await new Promise(setImmediate);
    answer([UNKNOWN]);
    for (const text of await Promise.all(looks))
      expect(samples(text, "ebp_open_cancellations")).toEqual(['{status="UNKNOWN"} 2']);
    expect(reads).toBe(1);
  });
});
