import type { FastifyInstance } from "fastify";
import { singleFlight } from "./single-flight.js";

export interface Health {
  /** Why no cancel can be made now, in words for people; null when cancels can be made. */
  readonly whyUnready: () => Promise<string | null>;
  /** Whether more is asked than can be served at this moment. */
  readonly isOverloaded: () => boolean;
  /** What somebody should look at before it stops the work: shown, and no reason to take a replica out. */
  readonly warnings: () => readonly object[];
}

/** Whoever asks, such as a load balancer, has mostly lost patience by then. */
const DATABASE_ANSWERS_WITHIN_MS = 2_000;

/**
 * `/livez`: the process runs. `/readyz`: it can make cancels now, for which the database has to take writes; while it is overloaded others
 * can do more. However many ask, the database is asked by one at a time.
 */
export function addHealth(app: FastifyInstance, health: Health): void {
  const { isOverloaded, warnings } = health;
  const whyUnready = singleFlight(health.whyUnready, DATABASE_ANSWERS_WITHIN_MS);

  app.get("/livez", () => ({ status: "ok" }));

  app.get("/readyz", async (_request, reply) => {
    if (isOverloaded()) {
      const reason = "more is asked than can be served at this moment";
      return reply.code(503).send({ status: "unavailable", reason });
    }
    const reason = await whyUnready().catch(() => "the database does not answer");
    if (reason !== null) return reply.code(503).send({ status: "unavailable", reason });
    const found = warnings();
    return { status: "ok", ...(found.length > 0 && { warnings: found }) };
  });
}
