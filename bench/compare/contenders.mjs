// Everybody in the comparison: how each is asked, how its answers are read, and how it is started.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cancelInput, cancelOperation, historyOperation, PAGE_SIZE } from "./contenders/example-cancel.mjs";
import { startProgram } from "./processes.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LISTENING = /listening on (http:\/\/\S+)/u;
const JSON_BODY = { "content-type": "application/json" };

const POSTGRAPHILE_QUERY = `query ($storeId: String!, $first: Int!, $after: Cursor) {
  allCancellations(condition: { storeId: $storeId }, first: $first, after: $after, orderBy: [CREATED_AT_DESC, ID_DESC]) {
    edges {
      cursor
      node {
        id orderNo status totalCancelAmount reason createdAt resolvedAt
        cancellationItemsByStoreIdAndCancellationId { nodes { itemType itemId quantity amount } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/**
 * By name. `request(order)` and `hasSucceeded` for who cancels; `readRequest(page)` and `read` for who shows pages. `program` is what has to be
 * started; the service itself is started by our-service.mjs.
 */
export const CONTENDERS = {
  ours: {
    request: (order) => graphql(cancelOperation(order)),
    readRequest: (page) => graphql(historyOperation(page)),
    read: (text) => pageOf(JSON.parse(text).data.cancellations),
  },
  floor: { program: "floor.mjs", request: plain },
  bare: { program: "bare.mjs", request: plain },
  mercurius: { program: "mercurius/serve.mjs", request: (order) => graphql(cancelOperation(order)) },
  "by hand": {
    program: "by-hand.mjs",
    readRequest: ({ storeId, after }) => ({
      method: "GET",
      path: `/history?${new URLSearchParams({ storeId, ...(after && { after }) })}`,
      headers: {},
      body: null,
    }),
    read: (text) => pageOf(JSON.parse(text)),
  },
  postgraphile: {
    program: "postgraphile/serve.mjs",
    readRequest: ({ storeId, after }) =>
      graphql({ query: POSTGRAPHILE_QUERY, variables: { storeId, first: PAGE_SIZE, after } }),
    read: (text) => pageOf(JSON.parse(text).data.allCancellations),
  },
};

export const CANCELLING = ["floor", "bare", "mercurius"];
export const PAGING = ["by hand", "postgraphile"];

export function hasSucceeded(status, text) {
  return status === 200 && text.includes('"status":"SUCCEEDED"');
}

/** Those of `names` whose libraries are installed, which stand beside the service's own; a note for each that is left out. */
export function findContenders(names, { only, install }, notes) {
  return names.filter((name) => {
    if (only.length > 0 && !only.includes(name)) return false;
    const folder = folderOf(programOf(name));
    if (install && !isInstalled(folder)) installIn(folder);
    if (isInstalled(folder)) return true;
    const where = relative(process.cwd(), folder);
    notes.add(
      `${name} is left out: its libraries are not installed. Run \`npm ci --prefix ${where}\`, or pass --install.`,
    );
    return false;
  });
}

export function startContender({ upstream, interrupted }, name, databaseUrl) {
  const program = programOf(name);
  const env = {
    NODE_ENV: "production",
    PORT: "0",
    UPSTREAM_URL: upstream.url,
    DATABASE_URL: databaseUrl,
  };
  return startProgram({ name, args: [program], cwd: dirname(program), env, says: LISTENING }, interrupted);
}

function programOf(name) {
  return fileURLToPath(new URL(`contenders/${CONTENDERS[name].program}`, import.meta.url));
}

/** Where its package.json is: that of all contenders, or its own. */
function folderOf(program) {
  const folder = dirname(program);
  return existsSync(join(folder, "package.json")) ? folder : folderOf(folder);
}

function isInstalled(folder) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.keys(dependencies).every((name) => existsSync(join(folder, "node_modules", name)));
}

function installIn(folder) {
  const where = relative(ROOT, folder);
  console.error(`installing ${where}`);
  const options = { cwd: folder, stdio: ["ignore", 2, 2] };
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], options);
  if (status !== 0) throw new Error(`npm ci in ${where} ended with ${status}`);
}

function plain(order) {
  return { method: "POST", path: "/cancel", headers: JSON_BODY, body: JSON.stringify(cancelInput(order)) };
}

function graphql(operation) {
  return { method: "POST", path: "/graphql", headers: JSON_BODY, body: JSON.stringify(operation) };
}

function pageOf({ edges, pageInfo }) {
  return { count: edges.length, endCursor: pageInfo.endCursor };
}
