const HOST = "127.0.0.1";

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
