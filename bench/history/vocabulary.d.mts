/** What vocabulary.mjs has for TypeScript: the tests. */
interface Sample {
  readonly itemId: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly failureCode: string;
}

export const RARE: Sample;
export const COMMON: Sample;
