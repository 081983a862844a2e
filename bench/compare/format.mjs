/** How figures are written, in tables and in pictures. */
export function table(head, lines) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

export function spreadOf(spread, format) {
  if (spread === null) return "";
  return `${format(spread.median)} (${format(spread.min)}–${format(spread.max)})`;
}

const unlessNull = (format) => (value) => (value === null || value === undefined ? "" : format(value));
/** Large ones with blanks between the thousands, as elsewhere in our documents. */
const grouped = (number, digits) => number.toFixed(digits).replace(/\B(?=(?:\d{3})+(?:\.|$))/gu, " ");

export const milliseconds = unlessNull((ms) => ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0));
export const rounded = unlessNull((number) => grouped(number, 0));
export const hundredths = unlessNull((number) => number.toFixed(2));
export const megabytes = unlessNull((bytes) => grouped(bytes / 1e6, bytes < 1e8 ? 1 : 0));
/** Of a whole. */
export const shareOf = unlessNull((share) => `${(share * 100).toFixed(1)} %`);
export const percent = unlessNull((share) => `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)} %`);
export const rate = unlessNull((value) => (value < 100 ? value.toFixed(1) : grouped(value, 0)));
export const times = unlessNull((value) => `${value.toFixed(2)}×`);
export const howMany = (count, one, more = `${one}s`) => `${rounded(count)} ${count === 1 ? one : more}`;
