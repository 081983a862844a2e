import { setTimeout as delay } from "node:timers/promises";

/** Something that waits until a test lets it through. Open at first. */
export interface Gate {
  /** For whoever has to wait. */
  pass(): Promise<void>;
  close(): void;
  open(): void;
}

export function createGate(): Gate {
  let passing = Promise.resolve();
  let letThrough = (): void => undefined;
  return {
    pass: () => passing,
    close() {
      passing = new Promise((resolve) => (letThrough = resolve));
    },
    open() {
      letThrough();
      passing = Promise.resolve();
    },
  };
}

const LOOK_MS = 5;
/** Only what hangs reaches it, also on a machine that has much else to do. */
const PATIENCE_MS = 120_000;

/** Resolves as soon as it holds, and fails when it does not come to: a test that has failed must not look for ever. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${PATIENCE_MS} ms: ${String(holds)}`);
    await delay(LOOK_MS);
  }
}
