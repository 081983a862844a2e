// Jest runs this file as it is, outside its module system; the hooks let it import the TypeScript sources.
import "../../scripts/register-typescript.mjs";

export default async function setUp() {
  const { startTestServer } = await import("./test-server.ts");
  globalThis.stopTestServer = await startTestServer();
}
