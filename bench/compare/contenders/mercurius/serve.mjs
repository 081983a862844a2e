// The steps of floor.mjs behind GraphQL, on a server known for its speed: queries are compiled after their first run.
import { readFileSync } from "node:fs";
import { mercurius } from "mercurius";
import { createApp, serve } from "../serve.mjs";
import { createSteps } from "../steps.mjs";

const steps = await createSteps();
const app = createApp();

await app.register(mercurius, {
  schema: readFileSync(new URL("cancel-payment.graphql", import.meta.url), "utf8"),
  resolvers: {
    Query: { alive: () => true },
    Mutation: { cancelPayment: (_root, { input }) => cancelPayment(input) },
    Cancellation: {
      createdAt: ({ createdAt }) => createdAt.toISOString(),
      resolvedAt: ({ resolvedAt }) => resolvedAt.toISOString(),
    },
  },
  jit: 1,
  graphiql: false,
});

async function cancelPayment(input) {
  const { orderNo, totalCancelAmount } = input;
  const cancelled = await steps.cancel(input);
  const stated = { orderNo, totalCancelAmount, currencyCode: "KRW", status: "SUCCEEDED", safeToRetry: false };
  return { replayed: false, cancellation: { ...cancelled, ...stated }, userErrors: [] };
}

await serve(app, () => steps.close());
