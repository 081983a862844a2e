/** Most answers fit without growing: EBP's whole-order example is under 1 kB. */
const INITIAL_BYTES = 2 * 1024;

/**
 * Collects bytes up to a bound in one growing buffer. Keeping the chunks instead would cost a Buffer object each, and an
 * upstream that drips single bytes could make that many times the bound.
 */
export class ByteSink {
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(readonly capacity: number) {}

  /** False when the chunk goes past the bound; what fits is kept. */
  append(chunk: Uint8Array): boolean {
    const accepted = chunk.subarray(0, this.capacity - this.#length);
    this.#reserve(this.#length + accepted.byteLength);
    this.#buffer.set(accepted, this.#length);
    this.#length += accepted.byteLength;
    return accepted.byteLength === chunk.byteLength;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(needed: number): void {
    if (needed <= this.#buffer.byteLength) return;
    const size = Math.min(this.capacity, Math.max(needed, 2 * this.#buffer.byteLength, INITIAL_BYTES));
    // Nobody sees what has not been written.
    const grown = Buffer.allocUnsafe(size);
    grown.set(this.bytes());
    this.#buffer = grown;
  }
}
