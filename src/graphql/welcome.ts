import { curlLine, EXAMPLE_MUTATION, EXAMPLE_QUERY } from "./example-operations.js";

export interface Welcome {
  readonly url: string;
  readonly sandbox: boolean;
  /** Whether callers have to say who they are. */
  readonly needsToken: boolean;
}

const TOKEN = `Callers need a token: TOKEN=$(npm run --silent token). Sandbox takes it under "Headers": Authorization, Bearer <token>.

`;

/** What a developer sees after the start: where Sandbox is, what to paste, and the same as a curl line. */
export function welcome({ url, sandbox, needsToken }: Welcome): string {
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
