const packages = (...names) => new RegExp(`/node_modules/(?:${names.join("|")})/`, "u");
const built = (...folders) => new RegExp(`/dist/src/(?:${folders.join("|")})`, "u");

/** What the service is made of, by where its code stands; the first that fits. */
export const AREAS = [
  { name: "garbage collection", words: /^\(garbage collector\)$/u },
  // The kernel often runs whoever is woken by what was written at once, on the same core.
  {
    name: "writing to sockets, and waiting for whom that wakes",
    words: /^(?:writev|writeBuffer|writeUtf8String|writeLatin1String)$/u,
  },
  {
    name: "GraphQL: Apollo Server, graphql-js, type-graphql",
    place: packages(
      "graphql",
      "@apollo",
      "type-graphql",
      "@as-integrations",
      "graphql-scalars",
      "dataloader",
      "negotiator",
      "whatwg-mimetype",
      "@graphql-tools",
    ),
  },
  { name: "the database driver: pg", place: packages("pg", "pg-[a-z]+", "postgres-[a-z]+", "@prisma") },
  { name: "the client of EBP: undici", place: packages("undici") },
  {
    name: "the HTTP server and the log: Fastify, pino",
    place: packages(
      "[^/]*fastify[^/]*",
      "@fastify",
      "pino[^/]*",
      "sonic-boom",
      "find-my-way",
      "secure-json-parse",
      "light-my-request",
      "avvio",
    ),
  },
  {
    name: "exact numbers and JSON: decimal.js, lossless-json",
    place: packages("decimal\\.js", "lossless-json"),
  },
  { name: "other packages", place: /\/node_modules\//u },
  { name: "the rules: src/cancellation", place: built("cancellation/") },
  { name: "EBP's protocol, evidence and redaction: src/ebp", place: built("ebp/") },
  { name: "statements, rows and seals: src/persistence", place: built("persistence/") },
  { name: "the API's own limits and types: src/graphql", place: built("graphql/") },
  { name: "callers, headers and the rest of ours", place: /\/dist\//u },
  { name: "Node: encryption, digests and random numbers", place: /^node:(?:internal\/)?crypto/u },
  { name: "Node: sockets, HTTP, timers and promises", place: /^node:/u },
];

const IDLE = /^\((?:idle|program)\)$/u;

/** Null for what is no work; undefined for what is its caller's. */
export function areaOf({ functionName, url }) {
  if (IDLE.test(functionName)) return null;
  const found = AREAS.find(({ words, place }) => words?.test(functionName) ?? place.test(url));
  return found?.name;
}
