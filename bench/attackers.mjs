// npm run bench:attackers: what an honest caller notices of idle connections, slow readers and broken bodies.
import { fork } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SignJWT } from "jose";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";
import { startService } from "./history/service.mjs";

const ATTACKERS = 64;
const IDLE_CONNECTIONS_EACH = 10;
const QUIET_SECONDS = 10;
const ATTACK_SECONDS = 20;
const [ISSUER, AUDIENCE] = ["urn:bench", "ebp-cancel-facade"];
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
/** Each alone, then all at once. */
const ATTACKS = ["idle connections", "slow readers", "broken bodies", "all of it"];
/** As many times what a cancel takes when it is quiet; or a 503 within a second. */
const GOAL = 3;

if (process.send !== undefined) process.on("message", attack);
else await measureAll();

async function measureAll() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyFile = join(tmpdir(), `attackers-${randomUUID()}.pem`);
  await writeFile(keyFile, publicKey.export({ type: "spki", format: "pem" }));
  const tokenOf = (subject) =>
    new SignJWT({ scope: "cancellations:write cancellations:read", stores: ["SIM-KR"] })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setExpirationTime("1h")
      .sign(privateKey);
  const [honest, hostile] = await Promise.all([tokenOf("honest"), tokenOf("hostile")]);
  try {
    const { applyMigrations } = await import("../src/persistence/migrations.ts");
    await withTemporaryDatabase(async (databaseUrl, interrupted) => {
      await applyMigrations({ url: databaseUrl, directory: MIGRATIONS, log: () => undefined });
      const settings = {
        AUTH_PUBLIC_KEY_FILE: keyFile,
        AUTH_ISSUER: ISSUER,
        AUTH_AUDIENCE: AUDIENCE,
        // The honest caller asks as fast as one can; what is refused is limited all the same.
        RATE_LIMIT_MUTATIONS: "1000000",
      };
      const service = await startService(databaseUrl, settings, interrupted);
      try {
        await ask(service.url, honest, 3);
        const quiet = await ask(service.url, honest, QUIET_SECONDS);
        const rows = [row("nobody else", quiet, quiet)];
        for (const what of ATTACKS) {
          const attackers = fork(fileURLToPath(import.meta.url));
          attackers.send({ what, url: service.url, token: hostile });
          await once(attackers, "message");
          rows.push(row(what, await ask(service.url, honest, ATTACK_SECONDS), quiet));
          attackers.kill("SIGKILL");
          await once(attackers, "exit");
        }
        report(rows);
      } finally {
        await service.stop();
      }
    });
  } finally {
    await rm(keyFile, { force: true });
  }
}

/** One honest caller, who cancels one order after the other over connections of his own. */
async function ask(url, token, seconds) {
  const took = { served: [], refused: [], failed: [] };
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const began = performance.now();
    const result = await cancel(url, token).catch(() => "failed");
    took[result].push(performance.now() - began);
  }
  return took;
}

async function cancel(url, token) {
  const query = `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { cancellation { status } } }`;
  const items = [{ seq: 1, itemType: "PHYSICAL", itemId: "P001", quantity: 1, amount: "1000" }];
  const input = {
    idempotencyKey: randomUUID(),
    orderNo: `BENCH-${randomUUID()}`,
    totalCancelAmount: "1000",
    items,
  };
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data } = await response.json();
  if (response.status === 503) return "refused";
  return data?.cancelPayment?.cancellation?.status === "SUCCEEDED" ? "served" : "failed";
}

function row(what, { served, refused, failed }, quiet) {
  const p99 = percentile(served, 99);
  const times = p99 / percentile(quiet.served, 99);
  const isWithin =
    failed.length === 0 && Math.max(0, ...refused) < 1_000 && (times <= GOAL || served.length === 0);
  return {
    beside: what,
    cancels: served.length,
    "p50 (ms)": percentile(served, 50).toFixed(1),
    "p99 (ms)": p99.toFixed(1),
    "times quiet": times.toFixed(1),
    "503s": refused.length,
    "slowest 503 (ms)": Math.round(Math.max(0, ...refused)),
    failed: failed.length,
    [`within ${GOAL}×`]: isWithin ? "yes" : "no",
  };
}

function percentile(all, percent) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

function report(rows) {
  const columns = Object.keys(rows[0]);
  console.log(
    `${ATTACKERS} attackers, ${availableParallelism()} cores, Node ${process.version}, ${new Date().toISOString()}`,
  );
  console.log(`| ${columns.join(" | ")} |`);
  console.log(`| ${columns.map(() => "---").join(" | ")} |`);
  for (const one of rows) console.log(`| ${columns.map((column) => one[column]).join(" | ")} |`);
}

// In a process of their own.

function attack({ what, url, token }) {
  const { port } = new URL(url);
  const kinds = { "idle connections": idle, "slow readers": slow, "broken bodies": broken };
  const chosen = what === "all of it" ? Object.values(kinds) : [kinds[what]];
  for (const kind of chosen) for (let n = 0; n < ATTACKERS; n += 1) kind(Number(port), token);
  setTimeout(() => process.send("begun"), 1_000);
}

/** Opens connections without a token, says nothing, and opens each again that is closed. */
function idle(port) {
  for (let n = 0; n < IDLE_CONNECTIONS_EACH; n += 1) again(port, 50, () => undefined);
}

/** Asks for a large page, and for an export, and does not read. */
function slow(port, token) {
  const page = JSON.stringify({
    query:
      "{ cancellations(first: 100) { edges { node { id orderNo items { itemId } events { evidence { basis } } } } } }",
  });
  const post = `POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${page.length}\r\n\r\n${page}`;
  const get = `GET /exports/cancellations.ndjson HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  for (const text of [post, get]) again(port, 200, (socket) => socket.pause().write(text));
}

/** Sends 98 kB that are no JSON, with a token that is good, again and again. */
function broken(port, token) {
  const body = `{"query":"${"x".repeat(98_000)}`;
  const post = `POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  again(port, 50, (socket) => socket.resume().write(post));
}

/** A connection, and another one each time it has been closed. */
function again(port, pauseMs, connected) {
  const socket = connect(port, "127.0.0.1", () => connected(socket));
  socket.on("error", () => undefined).on("close", () => setTimeout(again, pauseMs, port, pauseMs, connected));
}
