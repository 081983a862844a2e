import { ITEM_IDS, ITEM_TYPES, LINES, LINES_ON_AVERAGE, RARE } from "./vocabulary.mjs";

/** The median price of a unit is about 30 000 won, or 30 dollars; one in a thousand is beyond 650 000. */
const MEDIAN_LOG = Math.log(30_000);
const SPREAD = 1;
/** In minor units: whatever ends in two zeros has ten per cent without a fraction. */
const STEP = { KRW: 100, USD: 10 };
const MINOR_PER_WON = { KRW: 1, USD: 0.1 };
const TAX = 0.1;
const CONFIRMS_LESS = 0.5;

/** What is cancelled, line by line; three on average, and over the whole history exactly so. */
export function createLines(random, cancellations) {
  const deal = random.dealer(LINES);
  const dealt = cancellations - (cancellations % LINES.length);
  const pickType = random.chooser(ITEM_TYPES);
  const pickItem = random.chooser(ITEM_IDS);

  function line(seq, { currencyCode }, isRare) {
    const itemType = pickType();
    const step = STEP[currencyCode];
    const price = Math.exp(MEDIAN_LOG + SPREAD * random.normal()) * MINOR_PER_WON[currencyCode];
    const amount = Math.max(1, Math.round(price / step)) * step;
    const quantity = random.chance(0.85) ? 1 : random.between(2, 5);
    return {
      seq,
      itemType,
      itemId: isRare ? RARE.itemId : pickItem(),
      quantity,
      amount,
      taxAmount: Math.round(amount * TAX),
      lineTotal: quantity * amount,
      lineTax: quantity * Math.round(amount * TAX),
      isDelivery: itemType === "DELIVERY",
    };
  }

  return {
    of: (index, store, isRare) =>
      Array.from({ length: index < dealt ? deal() : LINES_ON_AVERAGE }, (_, i) =>
        line(i + 1, store, isRare && i === 0),
      ),
    /** EBP says that it has processed one line less, or another product amount. */
    discrepancies: (lines, money) =>
      random.chance(CONFIRMS_LESS)
        ? [{ field: "processedCount", asked: String(lines.length), confirmed: String(lines.length - 1) }]
        : [{ field: "totalProductAmount", asked: money(totalOf(lines).product), confirmed: "0" }],
  };
}

/** In minor units. */
export function totalOf(lines) {
  const total = { amount: 0, tax: 0, product: 0, productTax: 0, delivery: 0, deliveryTax: 0, byType: {} };
  for (const { itemType, lineTotal, lineTax, isDelivery } of lines) {
    const ofType = (total.byType[itemType] ??= { amount: 0, tax: 0 });
    ofType.amount += lineTotal;
    ofType.tax += lineTax;
    total.amount += lineTotal;
    total.tax += lineTax;
    total[isDelivery ? "delivery" : "product"] += lineTotal;
    total[isDelivery ? "deliveryTax" : "productTax"] += lineTax;
  }
  return total;
}
