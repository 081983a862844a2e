/**
 * Reads once for all who ask at the same time, and does not let them wait longer than this: however often somebody asks, a
 * slow database is asked by one at a time.
 */
export function singleFlight<T>(read: () => Promise<T>, timeoutMs: number): () => Promise<T> {
  let underWay: Promise<T> | null = null;

  async function start(): Promise<T> {
    return read();
  }

  return async () => {
    underWay ??= start().finally(() => (underWay = null));
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("reading took too long")), timeoutMs);
    });
    try {
      return await Promise.race([underWay, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}
