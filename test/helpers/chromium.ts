import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { until } from "./gate.js";

/** Chromium's program; undefined where it is not installed. */
export const CHROMIUM = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "chromium"))
  .find((file) => existsSync(file));

/** A window of a browser without a screen. */
export interface Browser {
  /** What the pages have complained of: what their policies forbid, errors, warnings. Not what the network refused. */
  readonly problems: readonly string[];
  open(url: string): Promise<void>;
  /** What an expression comes to in the page. */
  evaluate(expression: string): Promise<any>;
  /** Waits until an expression is true in the page. Meanwhile the page may go elsewhere. */
  waitFor(expression: string): Promise<void>;
  /** Clicks the middle of the first element. */
  click(selector: string): Promise<void>;
  /** Writes at the cursor, all at once. */
  insert(text: string): Promise<void>;
  pressWithControl(key: string): Promise<void>;
  /** A picture of the window, as PNG. */
  picture(): Promise<Buffer>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: any) => void;
  readonly reject: (error: Error) => void;
}

const CONTROL = 2;

/** @param args more arguments of Chromium. */
export async function startBrowser(args: readonly string[] = []): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), "ebp-cancel-facade-test-chromium-"));
  const settings = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--window-size=1280,800",
    "--remote-debugging-pipe",
    `--user-data-dir=${folder}`,
  ];
  const child = spawn(CHROMIUM ?? "", [...settings, ...args], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const commands = child.stdio[3] as Writable;
  const waiting = new Map<number, Waiting>();
  const problems: string[] = [];
  listen(child.stdio[4] as Readable, waiting, (event) => problems.push(...problemsIn(event)));
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the browser has ended"));
  });

  let last = 0;
  /** None until the window is open. */
  const session: { id?: string } = {};
  function send(method: string, params: object = {}): Promise<any> {
    last += 1;
    const id = last;
    commands.write(`${JSON.stringify({ id, method, params, sessionId: session.id })}\0`);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  session.id = (await send("Target.attachToTarget", { targetId, flatten: true })).sessionId;

  await send("Log.enable");
  await send("Runtime.enable");

  async function evaluate(expression: string): Promise<any> {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`in the page: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }
  // While a page loads, there may be none to ask.
  const waitFor = (expression: string): Promise<void> =>
    until(() => evaluate(`Boolean(${expression})`).catch(() => false));
  return {
    problems,
    async open(url) {
      await send("Page.navigate", { url });
    },
    evaluate,
    waitFor,
    async click(selector) {
      const element = `document.querySelector(${JSON.stringify(selector)})`;
      await waitFor(element);
      const at = await evaluate(
        `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(${element}.getBoundingClientRect())`,
      );
      for (const type of ["mousePressed", "mouseReleased"])
        await send("Input.dispatchMouseEvent", { type, button: "left", clickCount: 1, ...at });
    },
    async insert(text) {
      await send("Input.insertText", { text });
    },
    async pressWithControl(key) {
      const isEnter = key === "Enter";
      const windowsVirtualKeyCode = isEnter ? 13 : key.toUpperCase().charCodeAt(0);
      const code = isEnter ? key : `Key${key.toUpperCase()}`;
      const event = { key, code, modifiers: CONTROL, windowsVirtualKeyCode };
      for (const type of ["rawKeyDown", "keyUp"]) await send("Input.dispatchKeyEvent", { type, ...event });
    },
    async picture() {
      const { data } = await send("Page.captureScreenshot", { format: "png" });
      return Buffer.from(data, "base64");
    },
    async close() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function problemsIn({ method, params }: any): string[] {
  if (method === "Runtime.exceptionThrown") return [JSON.stringify(params.exceptionDetails)];
  if (method === "Runtime.consoleAPICalled" && ["warning", "error"].includes(params.type))
    return [JSON.stringify(params.args)];
  if (method === "Log.entryAdded" && params.entry.source !== "network") return [params.entry.text];
  return [];
}

/** The browser's answers and events, each with a NUL behind it. */
function listen(messages: Readable, waiting: Map<number, Waiting>, onEvent: (event: any) => void): void {
  let rest = "";
  messages.setEncoding("utf8").on("data", (text: string) => {
    const whole = (rest + text).split("\0");
    rest = whole.pop() ?? "";
    for (const message of whole.map((json) => JSON.parse(json))) {
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (asked === undefined) onEvent(message);
      else if (message.error === undefined) asked.resolve(message.result);
      else asked.reject(new Error(`the browser: ${message.error.message}`));
    }
  });
}
