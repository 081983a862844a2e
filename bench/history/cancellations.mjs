import { stringify, v7 } from "uuid";
import { eventsOf } from "./events.mjs";
import { createLines, totalOf } from "./lines.mjs";
import { createOrders } from "./orders.mjs";
import { createOutcomes } from "./outcomes.mjs";
import { createRandom } from "./random.mjs";
import { RARE, RARE_CANCELLATIONS, REASONS, REQUESTERS } from "./vocabulary.mjs";

const YEAR_MS = 365 * 24 * 60 * 60_000;
const WITH_ACCOUNT = 0.3;
const WITH_NOTE = 0.1;
/** Of those that succeed: two in a thousand, and evenly, so that a small history has a full page of them as well. */
const DISCREPANT_EVERY = 400;
const HOLDERS = ["K**", "L** S**", "P** J**", "C** H**"];

/** `count` cancellations over the year that ends at `until`, each with its lines and events, oldest first. */
export function createCancellations({ count, until, seed }) {
  const random = createRandom(seed);
  const orders = createOrders(random);
  const lines = createLines(random, count);
  const outcomes = createOutcomes(random, until);
  const pickReason = random.chooser(REASONS);
  const pickRequester = random.chooser(REQUESTERS);
  const rareEvery = Math.max(1, Math.floor(count / RARE_CANCELLATIONS));

  function make(index) {
    const createdAt = until - Math.round(YEAR_MS * (1 - (index + random.fraction()) / count));
    const isRare = index % rareEvery === rareEvery - 1 && Math.floor(index / rareEvery) < RARE_CANCELLATIONS;
    const status = outcomes.statusOf(isRare);
    const day = new Date(createdAt).toISOString().slice(0, 10).replaceAll("-", "");
    const order = status === "UNKNOWN" ? orders.ofItsOwn(day) : orders.any(day);
    const { store } = order;
    const itemLines = lines.of(index, store, isRare);
    const total = totalOf(itemLines);
    if (status === "SUCCEEDED") order.cancelledTotal += total.amount;
    const outcome = outcomes.of(status, createdAt, isRare);
    const wasAnswered = outcome.inDoubtSince === null || outcome.failureCode !== null;
    const cancellation = {
      ...outcome,
      ...asked(isRare),
      id: idAt(createdAt, index),
      store,
      orderNo: order.orderNo,
      total,
      createdAt,
      lines: itemLines,
      ebpRequestId: outcome.sentAt !== null && wasAnswered ? `REQ${day}${random.hex(16)}` : null,
      returnRequestId: status === "SUCCEEDED" ? `RETREQ${day}${String(index).padStart(8, "0")}` : null,
      discrepancies: [],
    };
    if (status === "SUCCEEDED" && index % DISCREPANT_EVERY === 0)
      cancellation.discrepancies = lines.discrepancies(itemLines, (minor) => money(minor, store));
    cancellation.events = eventsOf(cancellation, random, until);
    return cancellation;
  }

  function asked(isRare) {
    const reason = isRare ? RARE.reason : pickReason();
    return {
      idempotencyKey: random.hex(32),
      fingerprint: random.hex(64),
      reason: reason === "" ? `In the caller's own words, case ${random.hex(8)}` : reason,
      note: random.chance(WITH_NOTE) ? `As told by telephone, ticket ${random.hex(8)}` : null,
      requestedBy: isRare ? RARE.requestedBy : pickRequester(),
      account: random.chance(WITH_ACCOUNT) ? account() : null,
    };
  }

  /** Sealed with a key that nobody has: no page opens it. */
  function account() {
    return {
      bankCode: String(random.between(1, 90)).padStart(3, "0"),
      lastFour: String(random.between(0, 9_999)).padStart(4, "0"),
      holder: HOLDERS[random.between(0, HOLDERS.length - 1)],
      sealed: random.hex(160),
    };
  }

  function idAt(msecs, index) {
    const digits = random.hex(32);
    // Of one millisecond, the later is the larger.
    return stringify(v7({ msecs, seq: index, random: Buffer.from(digits, "hex") }, new Uint8Array(16)));
  }

  return { orders: orders.all, make };
}

/** An amount in minor units as the currency writes it: exact, since both sides are whole numbers. */
export function money(minor, { decimals }) {
  if (decimals === 0) return String(minor);
  const digits = String(minor).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
