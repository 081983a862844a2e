import { expect, test } from "@jest/globals";
import { signRequest } from "../../src/ebp/signatures.js";
import { published } from "../helpers/examples.js";

interface Vector {
  readonly body: string;
  readonly hashKey: string;
  readonly signature: string;
}

const { request: vectors } = JSON.parse(published("signature-vectors")) as { request: readonly Vector[] };

test.each(vectors)("signs $body as computed independently", ({ body, hashKey, signature }) => {
  expect(signRequest(Buffer.from(body, "utf8"), hashKey)).toBe(signature);
});
