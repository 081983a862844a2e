import { once } from "node:events";
import { Worker } from "node:worker_threads";

export interface UpstreamThread {
  readonly url: string;
  readonly bytesReceived: number;
  /** Resolves when the first bytes of a request have come; nothing is answered yet. */
  received(): Promise<void>;
  /** Holds up this thread, its timers and its sockets, until the upstream has spoken, and until this moment at least. */
  standStill(untilMs: number): void;
  close(): Promise<void>;
}

/** Only a hang reaches it. */
const PATIENT_MS = 10_000;
const [MAY_ANSWER, SPOKEN, RECEIVED] = [0, 1, 2];

/** Speaks as soon as it has a connection where it has a greeting; else answers one request, while the test stands still. */
export async function startUpstreamThread(says: {
  greeting?: string | Buffer;
  answer?: string | Buffer;
}): Promise<UpstreamThread> {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const { greeting = null, answer = null } = says;
  const worker = new Worker(new URL("upstream-thread.mjs", import.meta.url), {
    workerData: { greeting, answer, shared },
  });
  const [port] = (await once(worker, "message")) as [number];
  const received = once(worker, "message");
  return {
    url: `http://127.0.0.1:${port}`,
    get bytesReceived() {
      return Atomics.load(shared, RECEIVED);
    },
    received: () => received.then(() => undefined),
    standStill(untilMs) {
      Atomics.store(shared, MAY_ANSWER, 1);
      Atomics.notify(shared, MAY_ANSWER);
      if (Atomics.wait(shared, SPOKEN, 0, PATIENT_MS) === "timed-out")
        throw new Error("the upstream has nothing to speak to");
      const idle = new Int32Array(new SharedArrayBuffer(4));
      for (let left = 1; left > 0; left = untilMs - performance.now()) Atomics.wait(idle, 0, 0, left);
    },
    async close() {
      await worker.terminate();
    },
  };
}
