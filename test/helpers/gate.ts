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

/** Resolves as soon as it holds; the test's own time-out is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}
