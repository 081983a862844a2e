/** EBP's published whole-order example, to paste. */
export const EXAMPLE_MUTATION = `mutation {
  cancelPayment(input: {
    idempotencyKey: "my-first-cancel"
    orderNo: "ORD20251224001"
    totalCancelAmount: "106000"
    items: [
      { seq: 1, itemType: PHYSICAL, itemId: "P001", quantity: 2, amount: "50000", taxAmount: "5000" }
      { seq: 2, itemType: PHYSICAL, itemId: "P002", quantity: 1, amount: "3000", taxAmount: "0" }
      { seq: 3, itemType: PHYSICAL, itemId: "P003", quantity: 1, amount: "3000", taxAmount: "0" }
    ]
    refundAccount: { accountNumber: "1234567890", bankCode: "001", accountHolderName: "John Doe" }
    reason: "Customer changed their mind"
  }) {
    replayed
    cancellation { id status returnRequestId totalCancelAmount currencyCode }
    userErrors { __typename code message field }
  }
}`;

export const EXAMPLE_QUERY = `query {
  cancellations(first: 5) {
    totalCount
    edges { node { id orderNo status totalCancelAmount returnRequestId createdAt } }
  }
}`;

/** A curl line for a POSIX shell, which takes the caller's token, if one is needed, from `TOKEN`. */
export function curlLine(endpoint: string, operation: string, needsToken = false): string {
  const query = operation.replace(/\s+/gu, " ");
  const body = JSON.stringify({ query }).replaceAll("'", "'\\''");
  const token = needsToken ? ` -H "authorization: Bearer $TOKEN"` : "";
  return `curl -s ${endpoint}${token} -H 'content-type: application/json' -d '${body}'`;
}

const TOKEN = `Callers need a token: TOKEN=$(npm run --silent token). Sandbox takes it under "Headers": Authorization, Bearer <token>. So does GraphiQL: { "authorization": "Bearer <token>" }.

`;

/** What a developer sees after the start: where Sandbox is, what to paste, and the same as a curl line. */
export function welcome({
  url,
  sandbox,
  needsToken,
}: {
  readonly url: string;
  readonly sandbox: boolean;
  /** Whether callers have to say who they are. */
  readonly needsToken: boolean;
}): string {
  return `
Ready. ${sandbox ? `Apollo Sandbox: ${url}/` : `The API: ${url}/graphql`}

${needsToken ? TOKEN : ""}A first cancel:

${EXAMPLE_MUTATION}

What has been cancelled since:

${EXAMPLE_QUERY}

The first cancel from a terminal:

${curlLine(`${url}/graphql`, EXAMPLE_MUTATION, needsToken)}

Stop with Ctrl-C. The history is kept and is there again at the next start.

`;
}
