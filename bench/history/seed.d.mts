import type { Progress } from "../../src/commands/progress.js";

/** What seed.mjs has for TypeScript: the tests. */
export interface SeededHistory {
  readonly rows: Readonly<Record<string, number>>;
  readonly steps: readonly { readonly what: string; readonly ms: number }[];
}

export function seedHistory(options: {
  readonly url: string;
  readonly count: number;
  readonly until: Date;
  readonly progress: Progress;
  readonly interrupted?: AbortSignal;
}): Promise<SeededHistory>;
