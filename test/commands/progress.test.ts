import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { createProgress } from "../../src/commands/progress.js";

function watched(isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  return { stream: stream as unknown as NodeJS.WriteStream, written: () => String(stream.read() ?? "") };
}

test("on a terminal there is a bar for each thing, and the cursor is given back", () => {
  const { stream, written } = watched(true);
  const progress = createProgress(stream, () => 0);
  progress.show("cancellation", 5, 10);
  progress.show("webhook_event", 30, 30);
  progress.end();
  const text = written();
  expect(text).toMatch(/cancellation \[[^\]]*\] 50% of about 10 rows/u);
  expect(text).toMatch(/webhook_event \[[^\]]*\] 100% of about 30 rows/u);
  expect(text.lastIndexOf("\u001b[?25h")).toBeGreaterThan(text.lastIndexOf("\u001b[?25l"));
});

test("elsewhere there is a line every five seconds, and none for what is over before", () => {
  const { stream, written } = watched(false);
  let now = 0;
  const progress = createProgress(stream, () => now);
  for (const seconds of [0, 4, 5, 6, 9, 10]) {
    now = seconds * 1_000;
    progress.show("cancellation", seconds, 20);
  }
  progress.end();
  expect(written()).toBe("cancellation: 5 of about 20 rows\ncancellation: 10 of about 20 rows\n");
});
