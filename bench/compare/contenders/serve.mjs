import Fastify from "fastify";

const HOST = "127.0.0.1";

/** Without what only guards against hostile bodies: a body is read by JSON.parse and nothing else. */
export function createApp() {
  return Fastify({ logger: false, onProtoPoisoning: "ignore", onConstructorPoisoning: "ignore" });
}

/** Until SIGTERM; `release` gives back what the answers need. */
export async function serve(app, release) {
  const url = await app.listen({ host: HOST, port: Number(process.env.PORT ?? 0) });
  console.log(`listening on ${url}`);
  process.once("SIGTERM", () => void app.close().then(release));
}

/** As serve.mjs does, for a server of Node's own. */
export function serveNode(server, release) {
  server.listen(Number(process.env.PORT ?? 0), HOST, () => {
    console.log(`listening on http://${HOST}:${server.address().port}`);
  });
  process.once("SIGTERM", () => {
    server.close(() => void release());
    server.closeIdleConnections();
  });
}
