import { LateEffects } from "./late-effects.js";
import type { MemoryLedger } from "./ledger.js";
import type { Numbering } from "./numbering.js";
import { refusalOf } from "./payment.js";
import type { Payments } from "./payments.js";
import type { SimulatedCancel } from "./simulated-cancel.js";
import type { Webhooks } from "./webhooks.js";

/** A cancel that is to be carried out. */
export interface IntendedEffect {
  readonly cancel: SimulatedCancel;
  readonly bodyHash: string;
  readonly returnRequestId: string;
}

interface EffectsParts {
  readonly ledger: MemoryLedger;
  readonly payments: Payments;
  readonly webhooks: Webhooks;
  readonly numbering: Numbering;
  readonly lateMs: number;
}

/** The one place where simulated money moves: in the ledger, on the payment, and told by webhook. */
export class Effects {
  readonly #parts: EffectsParts;
  readonly #late: LateEffects;

  constructor(parts: EffectsParts) {
    this.#parts = parts;
    this.#late = new LateEffects(parts.lateMs);
  }

  perform({ cancel, bodyHash, returnRequestId }: IntendedEffect): void {
    const { ledger, payments, webhooks, numbering } = this.#parts;
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

  /** The payment's rules count again when it lands: other cancels may have come first. */
  performLater(intended: IntendedEffect): void {
    const { cancel } = intended;
    this.#late.add(() => {
      if (refusalOf(this.#parts.payments.findFor(cancel), cancel.total) !== null) return false;
      this.perform(intended);
      return true;
    });
  }

  landLate(): number {
    return this.#late.landAll();
  }

  forgetLate(): void {
    this.#late.forgetAll();
  }
}
