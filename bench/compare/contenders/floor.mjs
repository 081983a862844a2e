// By hand, what this design cannot do without on any machine: two durable commits of all its rows, and one send between them.
import { createApp, serve } from "./serve.mjs";
import { createSteps } from "./steps.mjs";

const ANSWER = {
  type: "object",
  properties: {
    id: { type: "string" },
    status: { type: "string" },
    returnRequestId: { type: "string" },
  },
};

const steps = await createSteps();
const app = createApp();

app.post("/cancel", { schema: { response: { 200: ANSWER } } }, async ({ body }) => {
  const { id, returnRequestId } = await steps.cancel(body);
  return { id, status: "SUCCEEDED", returnRequestId };
});

await serve(app, () => steps.close());
