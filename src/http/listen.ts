import type { FastifyInstance } from "fastify";

export class ListenError extends Error {
  override readonly name = "ListenError";
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there. Stop it, or set PORT to another port",
  EACCES: "this account may not. Set PORT to 1024 or more",
  EADDRNOTAVAIL: "this machine does not have that address. Set HOST to one it has",
  ENOTFOUND: "no such name is known. Set HOST to an address of this machine",
};

/** The URL it then listens at. @throws ListenError that says what to set. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new ListenError(`listening on ${host}:${port}: ${REASONS[code] ?? code}`, { cause });
  }
}
