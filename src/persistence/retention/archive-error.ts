/** An archive could not be written, or is not what was written. Nothing was removed for it. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** The words of the operating system, which name what is wrong and nothing of what is written. */
export function inWords(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const explained = EXPLAINED[code];
  return explained ?? (error instanceof Error ? error.message : String(error));
}

const EXPLAINED: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk (ENOSPC)",
  EDQUOT: "the quota is used up (EDQUOT)",
  EFBIG: "the file would be larger than it may be (EFBIG)",
  EROFS: "the file system is read-only (EROFS)",
  ENOENT: "there is no such file (ENOENT)",
  EACCES: "permission is denied (EACCES)",
  EIO: "the disk has a fault (EIO)",
};
