import type { SimulatedCancel } from "./cancel-body.js";
import type { MemoryLedger } from "./ledger.js";
import type { Numbering } from "./numbering.js";
import { refusalOf, type Payments } from "./payments.js";
import type { Webhooks } from "./webhooks.js";

/** A cancel to perform. */
export interface IntendedEffect {
  readonly cancel: SimulatedCancel;
  readonly bodyHash: string;
  readonly returnRequestId: string;
}

interface EffectsDependencies {
  readonly ledger: MemoryLedger;
  readonly payments: Payments;
  readonly webhooks: Webhooks;
  readonly numbering: Numbering;
  readonly lateMs: number;
}

/** The one place where simulated money moves: in the ledger, on the payment, and announced by webhook. */
export class Effects {
  /** Effects that land after the caller has given up. Each says whether there was an effect after all. */
  readonly #late = new Map<NodeJS.Timeout, () => boolean>();

  constructor(private readonly dependencies: EffectsDependencies) {}

  perform({ cancel, bodyHash, returnRequestId }: IntendedEffect): void {
    const { ledger, payments, webhooks, numbering } = this.dependencies;
    const at = numbering.now();
    const { captured } = payments.findFor(cancel);
    ledger.perform(cancel, bodyHash, returnRequestId, at);
    payments.recordCancel(cancel);
    webhooks.announce({
      eventType: captured ? "PAYMENT_REFUND_REQUESTED" : "PAYMENT_VOIDED",
      storeId: cancel.storeId,
      orderNo: cancel.orderNo,
      amount: cancel.total,
      at,
    });
  }

  /** The payment must still allow it when it lands: other cancels may have come first. */
  performLater(intended: IntendedEffect): void {
    const { payments, lateMs } = this.dependencies;
    const { cancel } = intended;
    const land = (): boolean => {
      if (refusalOf(payments.findFor(cancel), cancel.total) !== null) return false;
      this.perform(intended);
      return true;
    };
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      land();
    }, lateMs);
    timer.unref();
    this.#late.set(timer, land);
  }

  /** Returns how many took effect. */
  landLate(): number {
    return this.#takeLate().filter((land) => land()).length;
  }

  forgetLate(): void {
    this.#takeLate();
  }

  #takeLate(): (() => boolean)[] {
    const taken = [...this.#late.values()];
    for (const timer of this.#late.keys()) clearTimeout(timer);
    this.#late.clear();
    return taken;
  }
}
