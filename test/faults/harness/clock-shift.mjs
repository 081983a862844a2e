// Preloaded into a service process: its wall clock is off by CLOCK_SHIFT_MS. The monotonic clock is not.
const shift = Number(process.env.CLOCK_SHIFT_MS);
if (!Number.isFinite(shift)) throw new Error("CLOCK_SHIFT_MS is not a number of milliseconds");
const RealDate = globalThis.Date;
const now = () => RealDate.now() + shift;

// A proxy, not a subclass: what the runtime itself makes of dates stays an instance of it.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, parts, newTarget) =>
    Reflect.construct(target, parts.length === 0 ? [now()] : parts, newTarget),
  apply: (target) => new target(now()).toString(),
  get: (target, name) => (name === "now" ? now : target[name]),
});
