import { createHash } from "node:crypto";
import { access, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ArchiveError } from "./archive-error.js";
import { onDisk, PARTIAL, SUFFIX, syncFolder } from "./archive-folder.js";
import type { LastLine } from "./archive-lines.js";
import { readArchive } from "./read-archive.js";

/** Whoever has archived the same rows so often has something else to look after. */
const MAX_FILES_OF_A_NAME = 10_000;

const CHUNK_BYTES = 256 * 1024;

export interface WrittenArchive {
  readonly path: string;
  /** Of the lines, and of the file that they are compressed into. */
  readonly bytes: number;
  readonly fileBytes: number;
}

/** Takes in a file that is read again. */
export interface ArchiveReader {
  line(line: unknown): void;
  /** @throws ArchiveError when something is missing. */
  end(): void;
}

/**
 * Writes lines to a new file of a folder, has the disk keep it, reads it again, and only then gives it its name. Resolves when the
 * file is there for good and has what was written.
 * @param name without what makes it unique, and without a suffix.
 * @param reader is given what was read back.
 * @throws ArchiveError when the disk fails; of what was written nothing is left then, or a file that ends in .partial.
 */
export async function writeArchive(
  folder: string,
  name: string,
  lines: AsyncIterable<string>,
  reader: ArchiveReader,
): Promise<WrittenArchive> {
  const { path, handle } = await onDisk(folder, () => createFile(folder, name));
  const partial = path + PARTIAL;
  try {
    const { bytes, sha256 } = await fill(handle, lines, partial);
    const readAgain = await readArchive(partial, (line) => reader.line(line));
    reader.end();
    if (readAgain.sha256 !== sha256) throw new ArchiveError(`${partial} is not what was written to it`);
    return await onDisk(partial, async () => {
      const { size } = await handle.stat();
      await rename(partial, path);
      await syncFolder(folder);
      return { path, bytes, fileBytes: size };
    });
  } catch (error) {
    // Where there is no room any more, this makes some.
    await unlink(partial).catch(() => undefined);
    throw error;
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/**
 * Nobody else's file is overwritten: the partial name belongs to whoever made the file, and who has it may take the name without it,
 * unless a file was given that before.
 */
async function createFile(folder: string, name: string): Promise<{ path: string; handle: FileHandle }> {
  for (let n = 1; n <= MAX_FILES_OF_A_NAME; n += 1) {
    const path = join(folder, `${name}-${n}${SUFFIX}`);
    const handle = await openNew(path + PARTIAL);
    if (handle === null) continue;
    if (!(await exists(path))) return { path, handle };
    await handle.close();
    await unlink(path + PARTIAL);
  }
  throw new Error(`it has ${MAX_FILES_OF_A_NAME} files called ${name} already`);
}

async function openNew(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return null;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Line by line, as fast as the disk takes them. What fails in making the lines is told as it is: it is no fault of the disk. */
async function fill(
  handle: FileHandle,
  lines: AsyncIterable<string>,
  partial: string,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const written = { bytes: 0, lines: 0, sha256: "" };
  const faults: unknown[] = [];
  async function* all(): AsyncGenerator<Buffer> {
    try {
      for await (const line of lines) {
        const bytes = Buffer.from(`${line}\n`, "utf8");
        hash.update(bytes);
        written.bytes += bytes.length;
        written.lines += 1;
        yield bytes;
      }
    } catch (error) {
      faults.push(error);
      throw error;
    }
    written.sha256 = hash.digest("hex");
    const last: LastLine = { lines: written.lines, sha256: written.sha256 };
    yield Buffer.from(`${JSON.stringify(last)}\n`, "utf8");
  }
  try {
    await onDisk(partial, async () => {
      await pipeline(Readable.from(all()), createGzip({ chunkSize: CHUNK_BYTES }), async (chunks) => {
        // Not through a stream of the handle's: it would never let the handle be closed.
        for await (const chunk of chunks as AsyncIterable<Buffer>) await handle.writeFile(chunk);
      });
      await handle.sync();
    });
  } catch (error) {
    throw faults[0] ?? error;
  }
  return written;
}
