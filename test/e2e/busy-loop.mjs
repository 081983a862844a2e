// Preloaded into a service process: while SIGUSR2 says so, its event loop is kept busy, as by more work than it can do.
const TURN_MS = 100;
let busy = false;
process.on("SIGUSR2", () => {
  busy = !busy;
  if (busy) setImmediate(turn);
});

function turn() {
  const end = performance.now() + TURN_MS;
  while (performance.now() < end);
  if (busy) setImmediate(turn);
}
