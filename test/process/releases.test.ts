import { expect, test } from "@jest/globals";
import { Releases } from "../../src/process/releases.js";

function failing(what: string, error: unknown): never {
  throw new Error(`releasing ${what}: ${String(error)}`);
}

test("a second stop waits for the first, and lets go of nothing before its turn", async () => {
  const released: string[] = [];
  let finish = (): void => undefined;
  const inFlight = new Promise<void>((resolve) => (finish = resolve));
  const releases = new Releases();
  releases.add("the database", () => Promise.resolve(released.push("the database")));
  releases.add("the server", () => inFlight.then(() => released.push("the server")));

  const stops = [releases.run(failing), releases.run(failing)];
  expect(released).toEqual([]);
  finish();
  await Promise.all(stops);

  expect(released).toEqual(["the server", "the database"]);
});

test("a release that fails is reported, and stops none of the others", async () => {
  const released: string[] = [];
  const reported: string[] = [];
  const releases = new Releases();
  releases.add("the database", () => Promise.resolve(released.push("the database")));
  releases.add("the server", () => Promise.reject(new Error("it hangs")));

  await releases.run((what, error) => reported.push(`${what}: ${String(error)}`));

  expect(released).toEqual(["the database"]);
  expect(reported).toEqual(["the server: Error: it hangs"]);
});
