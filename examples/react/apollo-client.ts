import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode, print } from "graphql";
import { createClient, type Client } from "graphql-sse";
import { LiveOrderDocument } from "../generated/operations.js";
import possibleTypesOfSchema from "../generated/possible-types.js";

export interface ServiceOptions {
  /** Such as https://cancel.example, without a path. */
  readonly service: string;
  /** Asked before each request: tokens expire. Null where the service asks for none. */
  readonly token: () => Promise<string | null>;
}

/** Queries and mutations go by POST, subscriptions by server-sent events. */
export function createApolloClient({ service, token }: ServiceOptions): ApolloClient {
  const authorization = async (): Promise<Record<string, string>> => {
    const bearer = await token();
    return bearer === null ? {} : { authorization: `Bearer ${bearer}` };
  };
  const http = new SetContextLink(async () => ({ headers: await authorization() })).concat(
    new HttpLink({ uri: `${service}/graphql` }),
  );
  const events = createClient({
    url: `${service}/graphql/stream`,
    headers: authorization,
    // A page stays open longer than a stream: tokens expire, and the service restarts.
    retryAttempts: Number.POSITIVE_INFINITY,
    // A stream tells what happens from now on. What happened before, or between two streams, has to be read.
    on: { connected: () => void client.refetchQueries({ include: [LiveOrderDocument] }) },
  });
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new EventStreamLink(events),
      http,
    ),
    cache: new InMemoryCache({
      // So that a fragment on an interface, such as UserError, matches the types that implement it.
      ...possibleTypesOfSchema,
      typePolicies: {
        Query: { fields: { cancellations: relayStylePagination(["filter", "orderBy"]) } },
        Order: { fields: { cancellations: relayStylePagination(["orderBy"]) } },
      },
    }),
  });
  return client;
}

/** Sends an operation with graphql-sse. */
class EventStreamLink extends ApolloLink {
  readonly #events: Client;

  constructor(events: Client) {
    super();
    this.#events = events;
  }

  override request({ query, operationName, variables }: ApolloLink.Operation): Observable<ApolloLink.Result> {
    const request = { query: print(query), variables, ...(operationName !== undefined && { operationName }) };
    return new Observable((observer) =>
      this.#events.subscribe(request, {
        next: (result) => observer.next(result as ApolloLink.Result),
        error: (error) => observer.error(error),
        complete: () => observer.complete(),
      }),
    );
  }
}
