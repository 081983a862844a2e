// An upstream in a thread of its own: it goes on while the thread of the test stands still. See upstream-thread.ts.
import { createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

const { greeting, answer, shared } = workerData;
const [MAY_ANSWER, SPOKEN, RECEIVED] = [0, 1, 2];

function hasSpoken() {
  Atomics.store(shared, SPOKEN, 1);
  Atomics.notify(shared, SPOKEN);
}

const server = createServer((socket) => {
  socket.on("error", () => undefined);
  if (greeting !== null) socket.write(greeting, hasSpoken);
  socket.on("data", (bytes) => {
    Atomics.add(shared, RECEIVED, bytes.length);
    if (greeting !== null) return;
    parentPort.postMessage("received");
    Atomics.wait(shared, MAY_ANSWER, 0, 10_000);
    socket.write(answer, hasSpoken);
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
