import { startEbpProxy, type EbpProxy } from "./ebp-proxy.js";
import { World, type WorldOptions } from "./world.js";

/** A world whose services reach EBP through a proxy that does what networks do. */
export async function createProxiedWorld(
  options: WorldOptions,
): Promise<{ world: World; upstream: EbpProxy; close: () => Promise<void> }> {
  let upstream: EbpProxy | undefined;
  const through = async (upstreamUrl: string): Promise<Record<string, string>> => {
    upstream = await startEbpProxy(upstreamUrl);
    return { EBP_BASE_URL: upstream.url };
  };
  const world = await World.create({ ...options, through });
  if (upstream === undefined) throw new Error("the world was made without its proxy");
  const proxy: EbpProxy = upstream;
  return {
    world,
    upstream: proxy,
    async close() {
      await world.close();
      await proxy.close();
    },
  };
}
