/** As many as a choice's weights are spread over: what is rarer than one of them is never chosen. */
const SLOTS = 1 << 16;

/** Chance that is the same on every machine for the same seed: mulberry32. Not for secrets. */
export function createRandom(seed) {
  let state = seed >>> 0;
  const bits = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const fraction = () => bits() / 2 ** 32;
  const between = (least, most) => least + Math.floor(fraction() * (most - least + 1));
  return {
    fraction,
    /** A whole number, both ends included. */
    between,
    chance: (probability) => fraction() < probability,
    /** Of the standard normal distribution. */
    normal: () => Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction()),
    /** `length` hexadecimal digits, a multiple of eight. */
    hex: (length) => {
      let digits = "";
      while (digits.length < length) digits += bits().toString(16).padStart(8, "0");
      return digits;
    },
    /** Of weighted values, one at each call. */
    chooser: (weighted) => {
      const slots = spread(weighted);
      return () => slots[bits() >>> 16];
    },
    /** All cards of a pack in another order each time, so that their sum is exact: one at each call. */
    dealer: (pack) => {
      const cards = [...pack];
      let left = 0;
      return () => {
        if (left === 0) left = cards.length;
        const at = between(0, left - 1);
        left -= 1;
        [cards[at], cards[left]] = [cards[left], cards[at]];
        return cards[left];
      };
    },
  };
}

function spread(weighted) {
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  const slots = [];
  let sum = 0;
  for (const [value, weight] of weighted) {
    sum += weight;
    while (slots.length < Math.round((sum / total) * SLOTS)) slots.push(value);
  }
  return slots;
}
