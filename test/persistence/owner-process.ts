// A process that owns an embedded server: tells where it is, and on SIGINT uses it once more before it stops it.
import { withConnection } from "../helpers/connection.js";
import { startEmbeddedPostgres } from "../../src/persistence/embedded-postgres.js";

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("usage: owner-process <data folder>");
const server = await startEmbeddedPostgres({ dataDir, durable: false, log: () => undefined });
process.once("SIGINT", () => {
  void withConnection(server.url, (client) => client.query("SELECT 1"))
    .then(() => server.stop())
    .then(() => process.stdout.write("stopped in order\n"))
    .finally(() => {
      process.disconnect();
    });
});
// Also what keeps this process alive.
process.once("disconnect", () => void server.stop());
process.send?.({ url: server.url });
