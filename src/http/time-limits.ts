/** How long a client may take. None of them counts the time this service takes to answer: a cancel may wait two minutes for EBP. */
export interface TimeLimits {
  /** For the request line and headers, from the connection's start or the request's first byte. */
  readonly headersMs: number;
  /** For the whole request to arrive, from the same moment. */
  readonly requestMs: number;
  /** For the next request on a connection that is kept. */
  readonly keepAliveMs: number;
  /** For anything at all to be sent or received, also while an answer is worked on. */
  readonly idleMs: number;
  /** How often the first two are looked at, and so by how much they may be overrun. */
  readonly checkEveryMs: number;
}

export const TIME_LIMITS: TimeLimits = {
  // A few hundred bytes, mostly one packet: also the worst of networks has sent them again by then.
  headersMs: 10_000,
  // The largest body there may be, 100 kB, at 5 kB a second and the headers before it.
  requestMs: 30_000,
  // Load balancers keep connections for 60 s: were it less here, they would send requests into connections that are being closed.
  keepAliveMs: 72_000,
  // More than the longest answer takes: EBP_TIMEOUT_MS can be 120 s, and a repeated request waits a little longer. It ends connections whose other side reads no answer, or is gone.
  idleMs: 180_000,
  checkEveryMs: 1_000,
};
