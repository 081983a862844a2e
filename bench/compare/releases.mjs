/**
 * Runs `work` with a function that takes what is being started, waits for it, and has its `stop` called when `work` is over, however that
 * ends; all at once, for none needs another to stop.
 */
export async function during(work) {
  const stops = [];
  try {
    return await work(async (starting) => {
      const started = await starting;
      stops.push(() => started.stop());
      return started;
    });
  } finally {
    await Promise.all(stops.map((stop) => stop()));
  }
}
