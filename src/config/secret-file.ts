import { readFileSync } from "node:fs";

/** The text of a file that holds one secret, or what is wrong with the file. Neither its content nor its path is told. */
export type SecretFile =
  { readonly text: string } | { readonly text: null; readonly expected: string; readonly found: string };

/** A byte order mark and line breaks around the secret are the editor's. */
export function readSecretFile(path: string): SecretFile {
  const bytes = bytesOf(path);
  if (typeof bytes === "string") {
    // The path is left out: the secret itself may have been put there.
    return {
      text: null,
      expected: "the path of a file that can be read",
      found: `one that cannot (${bytes})`,
    };
  }
  const text = decoded(bytes)?.trim();
  if (text === undefined) return { text: null, expected: "a file of text in UTF-8", found: "other bytes" };
  if (text === "") return { text: null, expected: "a file with the secret in it", found: "an empty one" };
  return { text };
}

/** The content, or the error's code. */
function bytesOf(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "?";
  }
}

/** Decoded leniently, a secret would be another one. */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
