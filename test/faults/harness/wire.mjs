// Lets a preloaded file watch, and hold up, what this process writes to and reads from sockets. Nothing in the service knows of it.
import { Socket } from "node:net";

const { _write: write, _writev: writev } = Socket.prototype;
const push = Object.getPrototypeOf(Socket.prototype).push;

/**
 * `onWrite(socket, bytes, send)` is called before bytes are handed over, with how to hand over any; true says that it has seen
 * to it. `onRead(socket, bytes, pass)` is called before bytes that came are passed on, likewise.
 */
export function watchSockets({ onWrite, onRead }) {
  Socket.prototype._write = function (chunk, encoding, done) {
    const bytes = asBytes(chunk, encoding);
    const send = (part, then) => write.call(this, part, "buffer", then);
    if (!onWrite(this, bytes, send, done)) write.call(this, chunk, encoding, done);
  };
  Socket.prototype._writev = function (chunks, done) {
    const bytes = Buffer.concat(chunks.map(({ chunk, encoding }) => asBytes(chunk, encoding)));
    const send = (part, then) => write.call(this, part, "buffer", then);
    if (!onWrite(this, bytes, send, done)) writev.call(this, chunks, done);
  };
  Socket.prototype.push = function (chunk, encoding) {
    const pass = (part) => push.call(this, part, encoding);
    return Buffer.isBuffer(chunk) && onRead(this, chunk, pass) ? true : push.call(this, chunk, encoding);
  };
}

function asBytes(chunk, encoding) {
  return typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}
