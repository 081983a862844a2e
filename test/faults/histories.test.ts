import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { histories } from "./harness/history-commands.js";
import { Model } from "./harness/history-model.js";
import { judge } from "./harness/oracle.js";
import { settle } from "./harness/settle.js";
import { Dice, say, sized } from "./harness/size.js";
import { useWorld } from "./harness/world.js";

const dice = new Dice(import.meta.url);
const HISTORIES = sized(1_000);
const LONGEST = 20;
/** What there is to cancel of each order. */
const TOTAL = 10_007;

const world = useWorld({ dice, environment: { RECOVERY_HOLD_MS: "100" }, proxied: true });

test("whatever happens to an order, in whatever order, the service says what a simple model of it says", async () => {
  const played = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(histories(LONGEST), async (history) => {
      world.begin();
      const orderNo = `ORD-history-${world.callers.request().key}`;
      world.simulator.payments.register({ orderNo, total: String(TOTAL), captured: true });
      const model = new Model(TOTAL);
      await fc.asyncModelRun(() => ({ model, real: { world, orderNo } }), history);
      await world.upstream.land();
      const ids = model.requests.map(({ id }) => id);
      await settle(world, ids);
      const findings = await judge(world, {
        effectsPerOrder: Infinity,
        contradictions: model.events.length > 0,
        recovered: model.hasGoneBack,
      });
      expect(findings.violations).toEqual([]);
      for (const command of commandsOf(history)) played.set(command, (played.get(command) ?? 0) + 1);
    }),
    { numRuns: HISTORIES, seed: dice.seed },
  );
  const counts = [...played].map(([command, count]) => `${command} ${count}`).sort();
  say(`histories: ${HISTORIES}, violations 0 (${counts.join(", ")})`);
});

/** Those that were played, by their first words. */
function commandsOf(history: { toString(): string }): string[] {
  const names = history
    .toString()
    .replaceAll(/\/\*.*?\*\//gu, "")
    .split(",");
  return names.map((name) => name.trim()).filter((name) => name !== "");
}
