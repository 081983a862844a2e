import type { Canary } from "./canary-forms.js";

/** With blanks and hyphens, leading zeros and letters in the number; with quotes, a backslash and other scripts in the name. */
export const CANARIES = [
  { accountNumber: "4929-8351-7064-22", accountHolderName: "Zaphodine Quibblewick" },
  { accountNumber: " 0073 5518 2946 3705", accountHolderName: '도깨비 "왕눈이" 철수\\영희' },
  { accountNumber: "DE89 3704 9152 8836 2047 71", accountHolderName: "Ærøskøbing Ñanduçara O'Zyxomma" },
  { accountNumber: "9077-66120-38514", accountHolderName: "뷁뒑쿩쀍" },
] as const satisfies readonly Canary[];
