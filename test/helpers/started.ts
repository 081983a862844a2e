import { afterAll, afterEach, beforeAll } from "@jest/globals";

export type Release = () => unknown;

/** What tests have started is given back after each of them, last in, first out; or after all of them. */
export function useReleases(after: typeof afterEach = afterEach): (release: Release) => void {
  const releases: Release[] = [];
  after(async () => {
    for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
  });
  return (release) => void releases.push(release);
}

/** What is started before the tests of a file, or of a describe block, for all of them. It is there once they run. */
export function useStarted<T extends object>(
  start: (atEnd: (release: Release) => void) => Promise<T>,
  timeoutMs?: number,
): T {
  let started: T | undefined;
  const atEnd = useReleases(afterAll);
  beforeAll(async () => {
    started = await start(atEnd);
  }, timeoutMs);
  const ready = (): T => {
    if (started === undefined) throw new Error("what is used here is there once the tests run");
    return started;
  };
  return new Proxy({} as T, {
    get(_, name) {
      const value: unknown = Reflect.get(ready(), name);
      return typeof value === "function" ? (value.bind(ready()) as unknown) : value;
    },
    set: (_, name, value) => Reflect.set(ready(), name, value),
  });
}
