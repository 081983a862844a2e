import type { SimulatedCancel } from "./cancel-body.js";
import type { Ledger } from "./ledger.js";
import { refusalOf, type Payments } from "./payments.js";
import type { Webhooks } from "./webhooks.js";

/** A cancel to perform. */
export interface IntendedEffect {
  readonly cancel: SimulatedCancel;
  readonly bodyHash: string;
  readonly returnRequestId: string;
}

interface EffectsDependencies {
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly webhooks: Webhooks;
  readonly now: () => Date;
  readonly lateMs: number;
  readonly refundAfterMs: number;
}

/** The one place where simulated money moves: in the ledger, on the payment, and announced by webhook. */
export class Effects {
  /** Those that land after the caller has given up. */
  readonly #late = new Map<NodeJS.Timeout, IntendedEffect>();

  constructor(private readonly dependencies: EffectsDependencies) {}

  perform({ cancel, bodyHash, returnRequestId }: IntendedEffect): void {
    const { ledger, payments, webhooks, now, refundAfterMs } = this.dependencies;
    const at = now();
    const { storeId, orderNo, total: amount } = cancel;
    const { captured } = payments.findFor(cancel);
    ledger.perform(cancel, bodyHash, returnRequestId, at);
    payments.recordCancel(cancel);
    const what = { storeId, orderNo, amount };
    webhooks.announce({ ...what, eventType: captured ? "PAYMENT_REFUND_REQUESTED" : "PAYMENT_VOIDED", at });
    if (!captured) return;
    const refundedAt = new Date(at.getTime() + refundAfterMs);
    webhooks.announce({ ...what, eventType: "PAYMENT_REFUNDED", at: refundedAt });
  }

  performLater(intended: IntendedEffect): void {
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      this.#land(intended);
    }, this.dependencies.lateMs);
    timer.unref();
    this.#late.set(timer, intended);
  }

  /** Returns how many took effect. */
  landLate(): number {
    return this.takeLate().filter((intended) => this.#land(intended)).length;
  }

  /** What is taken does not land any more. */
  takeLate(): readonly IntendedEffect[] {
    const taken = [...this.#late.values()];
    for (const timer of this.#late.keys()) clearTimeout(timer);
    this.#late.clear();
    return taken;
  }

  /** The payment must still allow it: other cancels may have come first. Returns whether it does. */
  #land(intended: IntendedEffect): boolean {
    const { cancel } = intended;
    if (refusalOf(this.dependencies.payments.findFor(cancel), cancel.total) !== null) return false;
    this.perform(intended);
    return true;
  }
}
