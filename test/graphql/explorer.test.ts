import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { CHROMIUM, startBrowser, type Browser } from "../helpers/chromium.js";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";
import { useReleases } from "../helpers/started.js";
import { useTwoStores } from "../helpers/two-stores.js";

// Where everything is checked, what is not there has to be noticed.
const isWanted = CHROMIUM !== undefined || process.env["CHROMIUM"] === "required";
const WHO = "a browser behind a firewall, to which Apollo's servers never answer,";

describe("GET /?graphiql", () => {
  const service = useService();
  const POLICY =
    "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none';script-src 'self';worker-src 'self';" +
    "style-src 'self' 'unsafe-inline';font-src data:;img-src data:;connect-src 'self'";

  test("serves GraphiQL, with scripts and styles of this service alone", async () => {
    const page = await fetch(`${service.url}/?graphiql`);
    expect(page.headers.get("content-security-policy")).toBe(POLICY);
    const loaded = [...(await page.text()).matchAll(/(?:src|href)="([^"]*)"/gu)].map(([, path = ""]) => path);
    expect(loaded).toEqual(["/explorer/main.css", "/explorer/main.js"]);
    for (const [path, type] of [
      ["/explorer/main.css", "text/css; charset=utf-8"],
      ["/explorer/main.js", "text/javascript; charset=utf-8"],
    ]) {
      const { status, headers } = await fetch(`${service.url}${path}`);
      expect([status, headers.get("content-type")]).toEqual([200, type]);
      // The script of a worker brings the worker's policy.
      expect(headers.get("content-security-policy")).toBe(POLICY);
    }
  });

  test("serves no other file", async () => {
    for (const name of [".made-from", "main.js.gz", "..%2Fsrc%2Fmain.js", "../package.json"])
      expect((await fetch(`${service.url}/explorer/${name}`)).status).toBe(404);
  });
});

(isWanted ? describe : describe.skip)(isWanted ? WHO : `${WHO} as chromium is not installed:`, () => {
  const fixture = useTwoStores(["KR01"]);
  const atEnd = useReleases(afterAll);
  let browser: Browser;

  beforeAll(async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    atEnd(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    browser = await startBrowser([`--host-resolver-rules=MAP *.apollographql.com 127.0.0.1:${port}`]);
    atEnd(() => browser.close());
    await browser.open(fixture.service.url);
  });

  /** The last bracket is left out: the editor closes the first one by itself. */
  async function write(editor: string, text: string): Promise<void> {
    await browser.waitFor(`document.querySelector("${editor} .view-lines")`);
    await browser.click(`${editor} .monaco-editor`);
    await browser.pressWithControl("a");
    await browser.insert(text.replace(/\}$/u, ""));
  }

  async function run(operation: string): Promise<void> {
    await write(".graphiql-query-editor", operation);
    await browser.pressWithControl("Enter");
  }

  /** What stands in the answer; the editor writes blanks as ones that do not break. */
  const answered = (text: string): Promise<void> =>
    browser.waitFor(
      `document.querySelector(".result-window .view-lines")?.textContent.replaceAll("\u00a0", " ").includes(${JSON.stringify(text)})`,
    );

  test("is not left alone with a blank page, and comes to GraphiQL by itself", async () => {
    await browser.waitFor(`document.body.innerText.includes("Loading Apollo Sandbox")`);
    await browser.waitFor(`location.search === "?graphiql" && document.querySelector(".graphiql-container")`);
    expect(await browser.evaluate("document.title")).toBe("Cancel payments: GraphiQL");
    await browser.waitFor(
      `document.querySelector(".graphiql-query-editor .view-lines")?.textContent.includes("cancelPayment")`,
    );
  });

  test("runs what is typed there with the caller's token, and shows what comes of it", async () => {
    await run("{ cancellations { totalCount } }");
    await answered("UNAUTHENTICATED");
    await write(
      ".graphiql-editor-tool .graphiql-editor:not(.hidden)",
      JSON.stringify(await fixture.bearer("desk", ["KR01"])),
    );
    await run("{ cancellations { totalCount } }");
    await answered('"totalCount": 0');
  });

  test("follows a subscription there", async () => {
    await run('subscription { cancellationChanged(orderNo: "O-1") { status totalCancelAmount } }');
    const { url } = fixture.service;
    await until(async () => (await (await fetch(`${url}/metrics`)).text()).includes("\nebp_followers 1\n"));
    const headers = await fixture.bearer("desk", ["KR01"]);
    await cancel(fixture.service, cancelInput({ orderNo: "O-1" }), headers);
    await answered('"status": "SUCCEEDED"');
  });

  test("loads nothing that its policy forbids", () => {
    // Workers too: the editor says on the console when it has to do without them.
    expect(browser.problems).toEqual([]);
  });
});
