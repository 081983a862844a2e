/** Two clocks that are read together: neither alone sees every pause. */
export interface Clock {
  /** Milliseconds that never go back; stands still while the machine is suspended. */
  monotonicMs(): number;
  /** Milliseconds of the wall clock; goes on during a suspension, and jumps when it is set. */
  wallMs(): number;
}

/**
 * The time in which a cancel may begin to be sent. It opens before the intent is committed, so it closes before the lease that the
 * database gives with the intent runs out: a process that was stopped or suspended in between finds it closed, and does
 * not send what others have meanwhile taken for never sent.
 */
export interface SendWindow {
  /** Asked in the same synchronous step that hands the first byte to the network. */
  isOpen(): boolean;
}

export function openSendWindow(clock: Clock, lengthMs: number): SendWindow {
  const opened = { monotonic: clock.monotonicMs(), wall: clock.wallMs() };
  return {
    isOpen: () =>
      clock.monotonicMs() - opened.monotonic < lengthMs && clock.wallMs() - opened.wall < lengthMs,
  };
}
