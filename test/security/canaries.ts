/** A refund account that appears nowhere else, to be searched for. */
export interface Canary {
  readonly accountNumber: string;
  readonly accountHolderName: string;
}

/** With hyphens, blanks, leading zeros and letters in the number; with quotes, a backslash and other scripts in the name. */
export const CANARIES = [
  { accountNumber: "4929-8351-7064-22", accountHolderName: "Zaphodine Quibblewick" },
  { accountNumber: " 0073 5518 2946 3705", accountHolderName: '도깨비 "왕눈이" 철수\\영희' },
  { accountNumber: "DE89 3704 9152 8836 2047 71", accountHolderName: "Ærøskøbing Ñanduçara O'Zyxomma" },
  { accountNumber: "9077-66120-38514", accountHolderName: "뷁뒑쿩쀍" },
] as const satisfies readonly Canary[];

/** As the API takes it. */
export function accountOf({ accountNumber, accountHolderName }: Canary): object {
  return { accountNumber, bankCode: "088", accountHolderName };
}

/** As it is sent to EBP. */
export function numberOf({ accountNumber }: Canary): string {
  return accountNumber.replace(/[\s-]/gu, "");
}

/** The canaries' numbers and names that a text holds: plain, escaped, encoded, or the number grouped. */
export function secretsIn(text: string): string[] {
  const plain = `${text}\n${unescaped(text)}`.toLowerCase();
  const squashed = plain.replace(/[^\p{L}\p{N}]/gu, "");
  return CANARIES.flatMap((canary) => {
    const [number, name] = [numberOf(canary), canary.accountHolderName];
    const isNumber = squashed.includes(number.replace(/^0+/u, "").toLowerCase());
    const isName = bare(plain).includes(bare(name.toLowerCase()));
    const encoded = [number, canary.accountNumber.trim(), name].filter((secret) =>
      [Buffer.from(secret).toString("hex"), ...base64(secret)].some(
        (form) => text.includes(form) || plain.includes(form.toLowerCase()),
      ),
    );
    return [...(isNumber ? [number] : []), ...(isName ? [name] : []), ...encoded];
  });
}

/** Without quotes and backslashes, which may be escaped any number of times. */
function bare(text: string): string {
  return text.replace(/["\\]/gu, "");
}

/** Without the escapes of JSON (nested, too), URLs and HTML. */
function unescaped(text: string): string {
  const character = (code: string, base: number): string => String.fromCodePoint(Number.parseInt(code, base));
  return text
    .replace(/\\+u([\da-f]{4})/giu, (_all, code: string) => character(code, 16))
    .replace(/&#(\d{1,6});/gu, (_all, code: string) => character(code, 10))
    .replace(/(?:%[\da-f]{2})+/giu, (bytes) =>
      Buffer.from(bytes.replaceAll("%", ""), "hex").toString("utf8"),
    );
}

/** The characters of base64 that these bytes alone decide, at each offset in a group of three. */
function base64(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    return bytes.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
}
