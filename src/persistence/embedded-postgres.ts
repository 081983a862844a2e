import { Connection } from "./connection.js";
import { SUPERUSER, prepareCluster } from "./embedded/cluster.js";
import { findHome } from "./embedded/home.js";
import { takeOwnership } from "./embedded/ownership.js";
import { findPrograms } from "./embedded/programs.js";
import { startServer, type RunningServer } from "./embedded/server.js";
import { stopOrphan, stopServer } from "./embedded/stopping.js";

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  /** False gives up crash safety for speed. For tests only. Default true. */
  readonly durable?: boolean;
  readonly log: (message: string) => void;
}

export interface EmbeddedPostgres {
  readonly url: string;
  /** Where the files are: `dataDir`, unless PostgreSQL's account could not have entered it. */
  readonly folder: string;
  /** Ends every session, stops the server and waits for its end. May be called again. */
  stop(): Promise<void>;
}

const DATABASE = "cancellations";

/**
 * Starts a PostgreSQL whose data live in `dataDir`, reachable from this machine only; made on first use, kept between starts.
 * For development and tests: production brings its own PostgreSQL, and does not even install this one.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  const home = await findHome(options.dataDir, log);
  const releases: (() => Promise<void>)[] = [await takeOwnership(home.folder)];
  const release = async (): Promise<void> => {
    const last = releases.pop();
    // A server which does not stop must not keep the folder locked: the next start will know it for an orphan.
    if (last !== undefined) await last().finally(release);
  };
  try {
    const programs = await findPrograms(home, log);
    const password = await prepareCluster(home, programs, durable);
    await stopOrphan(home, programs, log);
    const server = await startServer(home, programs, durable);
    releases.push(() => stopServer(server, home, programs));
    releases.push(watch(server, log));
    const url = (database: string): string =>
      `postgresql://${SUPERUSER}:${password}@127.0.0.1:${String(server.port)}/${database}`;
    await createDatabase(url("postgres"));
    let stopped: Promise<void> | undefined;
    return { url: url(DATABASE), folder: home.folder, stop: () => (stopped ??= release()) };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Takes the server along when this process ends without stop(), and tells when it ends without being told to. */
function watch(server: RunningServer, log: (message: string) => void): () => Promise<void> {
  const takeAlong = (): void => {
    server.process.kill("SIGINT");
  };
  let expected = false;
  void server.ended.then(() => {
    process.off("exit", takeAlong);
    if (!expected)
      log(
        "the embedded PostgreSQL has ended unexpectedly; its last words are in postgres.log in the data folder",
      );
  });
  process.once("exit", takeAlong);
  return () => {
    expected = true;
    return Promise.resolve();
  };
}

async function createDatabase(url: string): Promise<void> {
  const client = new Connection({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}
