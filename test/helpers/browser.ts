import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** A Chromium of this machine; null where there is none. */
export const CHROMIUM = ((): string | null => {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const programs = folders.flatMap((folder) =>
    ["chromium", "chromium-browser"].map((name) => join(folder, name)),
  );
  return programs.find((file) => existsSync(file)) ?? null;
})();

export interface Site {
  /** Such as http://127.0.0.1:40001. */
  readonly origin: string;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Where the examples' pages expect the service, unless somebody writes another address into them. */
const SERVICE = "http://127.0.0.1:4000";

/**
 * Serves the pages of examples, each with its script, as a front end's own host does: from another origin than the service's.
 * @param names folders of `examples`, each with an index.html and a main.tsx; served at /name/.
 * @param service the service's address, asked for each time a page is loaded.
 */
export async function serveExamples(names: readonly string[], service: () => string): Promise<Site> {
  const files = new Map<string, () => string>();
  for (const name of names) {
    const page = await readFile(join(ROOT, "examples", name, "index.html"), "utf8");
    const script = await bundle(`examples/${name}/main.tsx`);
    files.set(`/${name}/`, () => page.replace(SERVICE, service()));
    files.set(`/${name}/main.js`, () => script);
  }
  const server = createServer(({ url = "" }, response) => {
    const { pathname } = new URL(url, SERVICE);
    const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
    response.setHeader("content-type", `${type}; charset=utf-8`);
    response.end(files.get(pathname)?.());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `import ${JSON.stringify(`./${entry}`)};`, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    plugins: [RELAY_ARTIFACTS],
    write: false,
    logLevel: "warning",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`bundling ${entry}: there is no output`);
  return file.text;
}

/** What babel-plugin-relay does: what Relay's compiler has made of a document takes its place. */
const RELAY_ARTIFACTS: Plugin = {
  name: "relay-artifacts",
  setup(bundling) {
    // A pattern of Go, which knows no flag u.
    bundling.onLoad({ filter: /examples\/relay\/[^/]+\.tsx$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll(
        /graphql`\s*(?:query|mutation|fragment)\s+(?<name>\w+)[^`]*`/gu,
        'require("./__generated__/$<name>.graphql").default',
      ),
      loader: "tsx",
    }));
  },
};
