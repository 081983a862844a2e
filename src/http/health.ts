import type { FastifyInstance } from "fastify";

export interface Health {
  readonly isDatabaseUp: () => Promise<boolean>;
}

/** `/livez`: the process runs. `/readyz`: it can do its work now. */
export function addHealth(app: FastifyInstance, { isDatabaseUp }: Health): void {
  app.get("/livez", () => ({ status: "ok" }));

  app.get("/readyz", async (_request, reply) => {
    if (await isDatabaseUp()) return { status: "ok" };
    return reply.code(503).send({ status: "unavailable", reason: "the database does not answer" });
  });
}
