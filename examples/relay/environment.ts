import {
  Environment,
  type FetchFunction,
  type GraphQLResponse,
  Network,
  RecordSource,
  Store,
} from "relay-runtime";

export interface EnvironmentOptions {
  /** Such as https://cancel.example/graphql. */
  readonly endpoint: string;
  /** Asked before each request: tokens expire. Null where the service asks for none. */
  readonly token: () => Promise<string | null>;
}

/** Relay's cache, and how it reaches the service. */
export function createEnvironment({ endpoint, token }: EnvironmentOptions): Environment {
  const fetchOperation: FetchFunction = async ({ text }, variables) => {
    const bearer = await token();
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify({ query: text, variables }),
    });
    // Relay itself throws for an answer that has errors and no data.
    return (await response.json()) as GraphQLResponse;
  };
  return new Environment({ network: Network.create(fetchOperation), store: new Store(new RecordSource()) });
}
