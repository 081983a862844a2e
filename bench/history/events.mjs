const SETTLED_AFTER_MS = 5_000;

/** How an outcome came about, step by step: two or three. */
export function eventsOf(cancellation, random, until) {
  const { createdAt, requestedBy, status, resolvedBy, resolvedAt, inDoubtSince, settlement } = cancellation;
  const events = [step(createdAt, null, "PENDING", "CALLER", requestedBy, "{}")];
  const answer = evidence(cancellation, random);
  if (inDoubtSince === null) events.push(step(resolvedAt, "PENDING", status, "RESPONSE", null, answer));
  else events.push(step(inDoubtSince, "PENDING", "UNKNOWN", "RESPONSE", null, answer));
  if (inDoubtSince !== null && resolvedBy !== null) {
    const actor = resolvedBy === "OPERATOR" ? "operator-1" : null;
    events.push(step(resolvedAt, "UNKNOWN", status, resolvedBy, actor, basis("What EBP shows decides it.")));
  } else if (settlement !== null && settlement !== "AWAITED") {
    const at = Math.min(resolvedAt + SETTLED_AFTER_MS, until);
    events.push(step(at, status, status, "WEBHOOK", null, basis("EBP tells what became of the money.")));
  }
  return events;
}

function step(at, from, to, source, actor, evidence) {
  return { at, from, to, source, actor, evidence };
}

function basis(words) {
  return JSON.stringify({ basis: words });
}

/** What EBP answered, or that it did not. */
function evidence({ ebpRequestId, status, failureCode, answeredAt }, random) {
  if (ebpRequestId === null) return basis("No complete answer came.");
  return JSON.stringify({
    basis: "What a result code proves is one table.",
    httpStatus: status === "SUCCEEDED" ? 200 : 400,
    resultCode: failureCode ?? "0",
    requestId: ebpRequestId,
    timestamp: new Date(answeredAt).toISOString(),
    digest: random.hex(64),
  });
}
