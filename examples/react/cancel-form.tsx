import { useMutation } from "@apollo/client/react";
import { useState, type ReactNode } from "react";
import { CancellationListDocument, CancelPaymentDocument } from "../generated/operations.js";
import { draftAfter, faultsOf, type CancelFault } from "./after-cancel.js";
import { inputOf, newDraft, useCancelDraft, type CancelDraft, type CancelFields } from "./cancel-draft.js";

/** Each field of the form, and the field of the input that it fills. */
const FIELDS: readonly {
  readonly name: keyof CancelFields;
  readonly label: string;
  readonly path: string;
}[] = [
  { name: "orderNo", label: "Order number", path: "input.orderNo" },
  { name: "itemId", label: "Item", path: "input.items.0.itemId" },
  { name: "amount", label: "Amount of the item", path: "input.items.0.amount" },
  { name: "total", label: "Total to cancel", path: "input.totalCancelAmount" },
];

/** Cancels a payment. Whoever clicks twice, or reloads the page and asks again, requests one cancel. */
export function CancelForm({ onSent }: { readonly onSent: (orderNo: string) => void }): ReactNode {
  const [draft, setDraft] = useCancelDraft();
  const [faults, setFaults] = useState<readonly CancelFault[] | null>(null);
  const [cancelPayment, { loading }] = useMutation(CancelPaymentDocument, {
    refetchQueries: [CancellationListDocument],
  });

  async function faultsOfCancel(sent: CancelDraft): Promise<readonly CancelFault[]> {
    try {
      const { data } = await cancelPayment({ variables: { input: inputOf(sent) } });
      return data === undefined ? faultsOf(null) : data.cancelPayment.userErrors;
    } catch (error) {
      return faultsOf(error);
    }
  }

  async function submit(): Promise<void> {
    const sent = { ...draft, isSent: true };
    setDraft(sent);
    onSent(sent.fields.orderNo);
    const found = await faultsOfCancel(sent);
    setFaults(found);
    setDraft(draftAfter(sent, found));
  }

  function change(name: keyof CancelFields, value: string): void {
    setDraft({ ...draft, fields: { ...draft.fields, [name]: value } });
  }

  function startOver(): void {
    setFaults(null);
    setDraft(newDraft());
  }

  return (
    <form
      aria-label="Cancel a payment"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {FIELDS.map(({ name, label, path }) => (
        <Field
          key={name}
          label={label}
          value={draft.fields[name]}
          isLocked={draft.isSent}
          messages={(faults ?? []).filter((fault) => pathOf(fault) === path).map(({ message }) => message)}
          onChange={(value) => change(name, value)}
        />
      ))}
      <Outcome faults={faults} />
      <button type="submit" disabled={loading}>
        {draft.isSent ? "Ask what became of it" : "Cancel the payment"}
      </button>
      {/* The service keeps what was sent, and its order takes no other cancel before it is decided. */}
      {draft.isSent && !loading && (
        <button type="button" onClick={startOver}>
          Cancel something else
        </button>
      )}
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly isLocked: boolean;
  readonly messages: readonly string[];
  readonly onChange: (value: string) => void;
}

function Field({ label, value, isLocked, messages, onChange }: FieldProps): ReactNode {
  const messageId = `about ${label}`;
  return (
    <p>
      <label>
        {label}{" "}
        <input
          value={value}
          readOnly={isLocked}
          aria-invalid={messages.length > 0}
          aria-describedby={messageId}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      <span id={messageId}>{messages.join(" ")}</span>
    </p>
  );
}

/** Null before the first answer. Messages about a field stand beside it. */
function Outcome({ faults }: { readonly faults: readonly CancelFault[] | null }): ReactNode {
  if (faults === null) return null;
  if (faults.length === 0) return <p role="status">The payment is cancelled.</p>;
  const paths = FIELDS.map(({ path }) => path);
  const others = faults.filter((fault) => !paths.includes(pathOf(fault)));
  return others.map(({ message }) => (
    <p role="alert" key={message}>
      {message}
    </p>
  ));
}

function pathOf({ field }: CancelFault): string {
  return field?.join(".") ?? "";
}
