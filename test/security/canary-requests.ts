import { until } from "../helpers/gate.js";
import { CANCEL, CANCELLATION_FIELDS, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import type { CanaryWorld } from "./canary-world.js";
import { accountOf, type Canary } from "./canary-forms.js";

/** Where a killed process is killed. */
export const CRASHES = [
  "after intent",
  "during cancel",
  "halfway cancel",
  "before transition",
  "after transition",
];

export const RESOLVE = `mutation ($input: ResolveCancellationInput!) {
  resolveCancellation(input: $input) { cancellation { id status } userErrors { code message field } }
}`;

/** Changes of a request, each of which has to be refused: the number in a text, and everything that can be wrong with the account itself. */
export function refusedChanges(canary: Canary): object[] {
  const { accountNumber: given, accountHolderName: name } = canary;
  const [number, refundAccount] = [given.trim(), accountOf(canary)];
  const digits = given.replace(/[\s-]/gu, "");
  return [
    ...(/^\d+$/u.test(digits) ? [{ reason: `to ${digits} please` }, { note: digits }] : []),
    { refundAccount: number },
    { refundAccount: [number, name] },
    { refundAccount: { ...refundAccount, accountNumber: name } },
    { refundAccount: { ...refundAccount, accountNumber: `${number}/${name}` } },
    { refundAccount: { ...refundAccount, accountNumber: number.repeat(4) } },
    { refundAccount: { ...refundAccount, accountNumber: [number] } },
    { refundAccount: { ...refundAccount, accountHolderName: { first: name } } },
    { refundAccount: { ...refundAccount, accountHolderName: `${name}\u0000` } },
    { refundAccount: { ...refundAccount, accountHolderName: name.repeat(30) } },
    ...overlong(canary),
    { refundAccount: { ...refundAccount, [name]: number } },
    { refundAccount: { ...refundAccount, swift: number } },
    { totalCancelAmount: "999" },
    { storeId: "NONE" },
    { items: [item({ quantity: -1 })] },
  ];
}

/** Notes that state the number. That of an IBAN is more than digits, and is not looked for. */
export function notesWithNumber({ accountNumber }: Canary): string[] {
  const digits = accountNumber.replace(/[\s-]/gu, "");
  return /^\d+$/u.test(digits) ? [digits, `paid to ${digits} by hand`] : [];
}

/** Near the limit of a body: an engine that is made to look for so much may give up, and quote it. */
const OVERLONG = 60_000;

function overlong(canary: Canary): object[] {
  const { accountNumber: number, accountHolderName: name } = canary;
  const filled = (text: string): string => text.repeat(Math.ceil(OVERLONG / Buffer.byteLength(text))).trim();
  const refundAccount = accountOf(canary);
  const digits = number.replace(/\D/gu, "");
  const note = "an ordinary note 123456";
  return [
    { refundAccount: { ...refundAccount, accountHolderName: filled(`${name} `) } },
    { note, refundAccount: { ...refundAccount, accountHolderName: filled(name.replace(/\s/gu, "")) } },
    { note, refundAccount: { ...refundAccount, accountNumber: filled(digits) } },
    { note, refundAccount: { ...refundAccount, accountNumber: filled(number) } },
    { note, refundAccount: { ...refundAccount, accountNumber: number + " ".repeat(OVERLONG) } },
    { storeId: "NONE", refundAccount: { ...refundAccount, accountNumber: filled(digits) } },
    { refundAccount: { ...refundAccount, bankCode: filled("088 ") } },
  ];
}

/** What may stand in the place of the account in a document. */
function literalsOf({ accountNumber, accountHolderName }: Canary): string[] {
  const [number, name] = [JSON.stringify(accountNumber), JSON.stringify(accountHolderName)];
  const bare = accountNumber.replace(/[\s-]/gu, "");
  return [
    `{ accountNumber: ${number}, accountHolderName: ${name} }`,
    `{ accountNumber: ${bare}, accountHolderName: ${name} }`,
    `{ accountNumber ${number} }`,
    `{ accountNumber: "${bare}`,
    `{ accountNumber: """${bare}""" x: ${name} }`,
    `{ accountNumber: [${number}] }`,
    `{ accountNumber: { is: ${name} } }`,
    `{ a${bare}: ${name} }`,
    `{ accountNumber: $a${bare} }`,
    number,
    bare,
    `{ accountNumber: ${number} } # ${name}`,
    `{ accountNumber: ${number}, accountNumber: ${name} }`,
    `{ accountNumber: ${number}, bankCode: ${name} }`,
  ];
}

/** Documents that hold the account, whole and broken, and requests that have it where a document belongs. */
export async function sendDocuments({ graphql, post }: CanaryWorld, canary: Canary): Promise<void> {
  const { accountNumber, accountHolderName } = canary;
  const [number, name] = [JSON.stringify(accountNumber), JSON.stringify(accountHolderName)];
  const literals = literalsOf(canary);
  for (const literal of literals) {
    const input = `{ idempotencyKey: "k", orderNo: "o", totalCancelAmount: 1, items: [], refundAccount: ${literal} }`;
    await graphql(`mutation { cancelPayment(input: ${input}) { replayed userErrors { message field } } }`);
  }
  await graphql(
    `query ($input: CancelPaymentInput = { orderNo: ${number}, note: ${name} }) { cancelPaymentPreview(input: $input) { wouldSend } }`,
  );
  await post(JSON.stringify({ query: "{ __typename }", operationName: accountHolderName }));
  await post(JSON.stringify({ query: accountNumber, variables: accountHolderName }));
  await post(JSON.stringify({ query: { account: accountNumber } }));
  await post(
    JSON.stringify([
      { query: CANCEL, variables: { input: accountOf({ accountNumber, accountHolderName }) } },
    ]),
  );
  await post(
    JSON.stringify({
      query: "{ __typename }",
      extensions: { persistedQuery: { version: 1, sha256Hash: accountNumber } },
    }),
  );
}

/** The account in addresses, headers, and bodies that are no requests. */
export async function sendOddities({ service, kept, post, raw }: CanaryWorld, canary: Canary): Promise<void> {
  const { accountNumber: number, accountHolderName: name } = canary;
  const account = JSON.stringify(canary);
  const input = cancelInput({ refundAccount: accountOf(canary) });
  const query = new URLSearchParams({
    query: CANCEL,
    variables: JSON.stringify({ input }),
    operationName: name,
  });
  const read = new URLSearchParams({ query: PREVIEW, variables: JSON.stringify({ input }) });
  await kept(fetch(`${service.url}/graphql?${String(query)}`));
  await kept(
    fetch(`${service.url}/graphql?${String(query)}`, { headers: { "apollo-require-preflight": "1" } }),
  );
  await kept(
    fetch(`${service.url}/graphql?${String(read)}`, { headers: { "apollo-require-preflight": "1" } }),
  );
  await kept(
    fetch(
      `${service.url}/${encodeURIComponent(name)}/${encodeURIComponent(number)}?q=${encodeURIComponent(name)}`,
    ),
  );
  for (const path of ["readyz", "livez", "metrics", ""]) {
    await kept(fetch(`${service.url}/${path}?account=${encodeURIComponent(number)}`));
  }
  const header = encodeURIComponent(name);
  const headers = {
    authorization: `Bearer ${number}`,
    cookie: `a=${header}`,
    "x-request-id": number,
    "user-agent": header,
    referer: `http://x/?${header}`,
    origin: `http://${header}`,
    "accept-language": number,
  };
  await post(JSON.stringify({ query: "{ __typename }" }), headers);
  await post(account.slice(0, -3));
  await post(account + account);
  await post(`{"__proto__":${account}}`);
  await post(`${account}${" ".repeat(200_000)}`);
  await post(account, { "content-type": `text/${encodeURIComponent(number)}` });
  await post(account, { "content-type": "application/x-www-form-urlencoded" });
  await post(account, { "content-encoding": "gzip" });
  await kept(fetch(`${service.url}/graphql`, { method: "PUT", body: account }));
  const bare = number.replace(/[\s-]/gu, "");
  await raw(`GET /graphql?query=${bare} HTTP/1.1\r\nHost: [${bare}\r\nConnection: close\r\n\r\n`);
  await raw(`GET /graphql?query=${bare} HTTP/1.1\r\nHost: a\r\nbroken ${bare}\r\n\r\n`);
  await raw(`GET /${bare}%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await raw(`${bare} ${bare} ${bare}\r\n\r\n`);
  await raw(
    `POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n${account}`,
  );
}

/** The whole history, page by page. */
export const READ = `query ($after: String) {
  cancellations(first: 100, after: $after) { edges { node { ${CANCELLATION_FIELDS} } } pageInfo { hasNextPage endCursor } }
}`;

/** What is shown of EBP's answers about payments whose accounts it echoes, in its tracking id too: word, id and reason. */
export async function distinctLiveStatuses({ graphql, sql }: CanaryWorld): Promise<string[]> {
  const query = `query ($orderNo: String!) {
    order(orderNo: $orderNo) { liveStatus { paymentStatus requestId unavailable { reason message resultCode } } }
  }`;
  const shown = new Set<string>();
  for (const { order_no: orderNo } of await sql(
    "SELECT order_no FROM cancellation WHERE order_no LIKE 'silent%' OR order_no LIKE 'accepted%'",
  )) {
    const { data } = await graphql(query, { orderNo });
    const fields = Object.values<unknown>(data.order.liveStatus);
    shown.add(fields.map((field) => JSON.stringify(field)).join(", "));
  }
  return [...shown];
}

/** What there is beside the API: among it the whole history as files, and the account where a parameter of theirs is wrong. */
export async function readOtherPaths(
  { service, kept, answers }: CanaryWorld,
  { accountNumber }: Canary,
): Promise<void> {
  for (const path of ["metrics", "readyz"]) await kept(fetch(`${service.url}/${path}`));
  for (const file of ["csv", "ndjson"]) {
    const address = `${service.url}/exports/cancellations.${file}`;
    await kept(fetch(`${address}?limit=${encodeURIComponent(accountNumber)}`));
    // The place of the one before may not be free yet.
    await until(async () => {
      await kept(fetch(address));
      return answers.at(-1)?.startsWith("200") === true;
    });
  }
}
