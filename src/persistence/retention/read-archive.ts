import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ArchiveError, inWords } from "./archive-error.js";
import type { LastLine } from "./archive-lines.js";

const LINE_FEED = 0x0a;

/**
 * Reads an archive line by line, each parsed; what it has is to be trusted only once this has resolved.
 * @throws ArchiveError when it cannot be read, was cut short, or is not what was written.
 */
export async function readArchive(path: string, onLine: (line: unknown) => void): Promise<LastLine> {
  const hash = createHash("sha256");
  const read: { lines: number; last: LastLine | null } = { lines: 0, last: null };
  let fault: unknown = null;

  function take(bytes: Buffer): void {
    if (read.last !== null) throw new ArchiveError("it goes on after its last line");
    const line: unknown = JSON.parse(bytes.toString("utf8"));
    if (isLastLine(line)) {
      read.last = line;
      return;
    }
    hash.update(bytes);
    read.lines += 1;
    onLine(line);
  }

  try {
    await pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const bytes of linesOf(chunks)) {
        // Read to its end all the same: whoever stops aborts what is read from, and that may be told instead of why.
        if (fault !== null) continue;
        try {
          take(bytes);
        } catch (error) {
          fault = error;
        }
      }
    });
    if (fault !== null) throw fault as Error;
    if (read.last === null) throw new ArchiveError("its last line is missing");
    assertEnd(read.last, read.lines, hash.digest("hex"));
    return read.last;
  } catch (cause) {
    throw new ArchiveError(`reading ${path}: ${inWords(cause)}`, { cause });
  }
}

function assertEnd({ lines: stated, sha256 }: LastLine, lines: number, digest: string): void {
  if (stated !== lines) throw new ArchiveError(`it states ${stated} lines, and has ${lines}`);
  if (sha256 !== digest)
    throw new ArchiveError("its lines are not those that were written: their SHA-256 differs");
}

function isLastLine(line: unknown): line is LastLine {
  return typeof line === "object" && line !== null && "sha256" in line;
}

/** By line feeds alone, each line with its own: a reader of texts breaks lines at U+2028 as well, which a note may have. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, at + 1)]);
      begun = [];
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) throw new ArchiveError("it ends within a line");
}
