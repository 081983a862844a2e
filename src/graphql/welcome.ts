import { curlLine, EXAMPLE_MUTATION, EXAMPLE_QUERY } from "./example-operations.js";

/** What a developer sees after the start: where Sandbox is, what to paste, and the same as a curl line. */
export function welcome(url: string): string {
  return `
Ready. Apollo Sandbox: ${url}/

A first cancel, to paste into Sandbox:

${EXAMPLE_MUTATION}

What has been cancelled since:

${EXAMPLE_QUERY}

The first cancel from a terminal:

${curlLine(`${url}/graphql`, EXAMPLE_MUTATION)}

Stop with Ctrl-C. The history is kept and is there again at the next start.

`;
}
