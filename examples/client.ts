import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

/** A client for programs that need no cache: one request, one typed answer. */
export interface Client {
  /** @throws GraphQLRequestError when the answer has top-level errors: a token, a limit, a document that is wrong, a fault. */
  request<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;
}

export interface ClientOptions {
  /** Such as https://cancel.example/graphql. */
  readonly endpoint: string;
  /** Asked before each request: tokens expire. Null where the service asks for none. */
  readonly token: () => Promise<string | null>;
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly retryAfterSeconds?: number };
  }[];
}

export class GraphQLRequestError extends Error {
  override readonly name = "GraphQLRequestError";

  constructor(
    message: string,
    /** Such as RATE_LIMITED; see the service's README. */
    readonly code: string,
    /** Set where it is worth coming again, after so many seconds. */
    readonly retryAfterSeconds: number | null,
    /** To quote to whoever runs the service. */
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

export function createClient({ endpoint, token }: ClientOptions): Client {
  return {
    async request<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables) {
      const bearer = await token();
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
        },
        body: JSON.stringify({ query: print(document), variables }),
      });
      const { data, errors } = (await response.json()) as Answer<Data>;
      const [error] = errors ?? [];
      if (error === undefined && data !== null && data !== undefined) return data;
      const { code = `HTTP_${response.status}`, retryAfterSeconds = null } = error?.extensions ?? {};
      const message = error?.message ?? "the answer has neither data nor errors";
      throw new GraphQLRequestError(message, code, retryAfterSeconds, response.headers.get("x-request-id"));
    },
  };
}
