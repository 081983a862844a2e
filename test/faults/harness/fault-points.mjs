// Preloaded into a service process: sends the process a signal when it comes to a named point for the nth time.
//   FAULT_AT=<when> <what>:<n>   FAULT_SIGNAL=SIGKILL or SIGSTOP   FAULT_DATABASE_PORT   FAULT_UPSTREAM_PORT
// <what> is a statement, by its name where it is prepared, or by the comment it begins with (intent, transition, finding, claim, store, or recording, which is
// either of transition and finding; erasure), or a request to EBP (cancel, lookup).
// <when> is "before" (nothing handed over), "half" (of the request's bytes written), "during" (all handed over), "halfway"
// (half of the answer read) or "after" (the answer has come and nobody has seen it yet: a statement is committed then).
import { writeSync } from "node:fs";
import { setImmediate } from "node:timers";
import { watchSockets } from "./wire.mjs";

const WHAT = {
  intent: ["intent_"],
  transition: ["transition_", "/* cancellation: transition */"],
  finding: ["finding_", "/* cancellation: finding */"],
  recording: ["transition_", "finding_", "/* cancellation: transition */", "/* cancellation: finding */"],
  claim: ["/* cancellation: claim */"],
  store: ["store_webhook_"],
  erasure: ["/* retention: erase"],
  cancel: ["/payment/cancel "],
  lookup: ["/payment/detail "],
};
const UPSTREAM = ["cancel", "lookup"];

const { FAULT_AT = "", FAULT_SIGNAL = "SIGKILL", FAULT_DATABASE_PORT, FAULT_UPSTREAM_PORT } = process.env;
const [, when, what, nth] = /^(\w+) (\w+):(\d+)$/u.exec(FAULT_AT) ?? [];
const marks = WHAT[what]?.map((mark) => Buffer.from(mark));
const port = Number(UPSTREAM.includes(what) ? FAULT_UPSTREAM_PORT : FAULT_DATABASE_PORT);
if (marks === undefined || !(port > 0)) throw new Error(`FAULT_AT=${FAULT_AT}: no such point`);

let count = 0;
/** The sockets that have handed over what is waited for, and whose answer is to come. */
const awaited = new WeakSet();

function arrived() {
  count += 1;
  return count === Number(nth);
}

function strike() {
  // Not through a stream: nothing that is buffered would be written any more.
  writeSync(2, `fault: ${FAULT_SIGNAL} ${FAULT_AT}\n`);
  process.kill(process.pid, FAULT_SIGNAL);
}

watchSockets({
  onWrite(socket, bytes, send, done) {
    if (socket.remotePort !== port || !marks.some((mark) => bytes.includes(mark)) || !arrived()) return false;
    if (when === "before") strike();
    if (when === "after" || when === "halfway") awaited.add(socket);
    if (when === "during" || when === "half") {
      const part = when === "half" ? bytes.subarray(0, bytes.length / 2) : bytes;
      send(part, (error) => {
        strike();
        // Stopped, not killed: whoever wrote goes on.
        if (part.length === bytes.length) done(error);
      });
      return true;
    }
    return false;
  },
  onRead(socket, bytes, pass) {
    if (!awaited.has(socket)) return false;
    if (when === "halfway") {
      const body = bytes.indexOf("\r\n\r\n") + 4;
      pass(bytes.subarray(0, body + (bytes.length - body) / 2));
      // Once it has been read.
      setImmediate(() => setImmediate(strike));
      return true;
    }
    if (!UPSTREAM.includes(what) && !endsReadyForQuery(bytes)) return false;
    awaited.delete(socket);
    strike();
    return false;
  },
});

/** The last message of PostgreSQL's answer to a statement: Z, a length of 5, the state of the transaction. */
function endsReadyForQuery(bytes) {
  const last = bytes.subarray(-6);
  return last[0] === 0x5a && last.readUInt32BE(1) === 5;
}
