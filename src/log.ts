/** What the process says while it runs: Fastify's logger is one. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  info(details: object, message: string): void;
  warn(message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
