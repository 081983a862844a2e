import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { chromium, type Locator, type Page } from "playwright-core";
import { CHROMIUM, serveExamples } from "../helpers/browser.js";
import { createGate } from "../helpers/gate.js";
import { cancelInput } from "../helpers/operations.js";
import { startService } from "../helpers/service.js";
import { useReleases, useStarted } from "../helpers/started.js";

const NAME = "a page of another origin, in Chromium,";
const gate = createGate();

(CHROMIUM === null ? describe.skip : describe)(
  CHROMIUM === null ? `${NAME}, as there is no Chromium here:` : NAME,
  () => {
    const world = useStarted(async (atEnd) => {
      const site = await serveExamples(["react", "relay"], () => world.service.url);
      atEnd(() => site.close());
      const service = await startService({
        // A cancel that a test holds up stays PENDING for as long as the page takes.
        environment: {
          CORS_ORIGINS: site.origin,
          EBP_TIMEOUT_MS: "120000",
        },
        simulator: { beforeAnswer: () => gate.pass() },
      });
      atEnd(() => service.close());
      const browser = await chromium.launch({
        executablePath: String(CHROMIUM),
        // Containers run as root, and have little shared memory.
        args: ["--no-sandbox", "--disable-dev-shm-usage"],
      });
      atEnd(() => browser.close());
      return { site, service, browser };
    });
    const release = useReleases();
    let page: Page;

    async function open(path = "/react/"): Promise<Screen> {
      const context = await world.browser.newContext();
      release(() => context.close());
      page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      await page.goto(`${world.site.origin}${path}`);
      return screenOf(page);
    }

    async function cancelElsewhere(orderNo: string): Promise<void> {
      const { errors } = await world.service.graphql(
        "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed } }",
        { input: cancelInput({ orderNo }) },
      );
      expect(errors).toBeUndefined();
    }

    const effects = (orderNo: string): number => world.service.simulator.ledger.effects(orderNo).length;
    const received = (orderNo: string): number => world.service.simulator.ledger.received(orderNo).length;
    const keysOf = async (orderNo: string): Promise<unknown[]> =>
      (
        await world.service.sql("SELECT idempotency_key FROM cancellation WHERE order_no = $1", [orderNo])
      ).map(({ idempotency_key: key }) => key);

    test("cancels, says so, shows the order's total and the list's new line, and is ready for the next", async () => {
      const orderNo = `ORD-${randomUUID()}`;
      const screen = await open();
      await screen.fill({ orderNo });
      await screen.submit.click();
      await screen.status.filter({ hasText: "The payment is cancelled." }).waitFor();

      expect(effects(orderNo)).toBe(1);
      await screen.order(orderNo).getByText("Cancelled: 1000 KRW").waitFor();
      await screen.list.getByText(`${orderNo}: 1000 KRW SUCCEEDED`).waitFor();
      expect(await screen.orderNo.inputValue()).toBe("");
    });

    test("cancels once for a double click", async () => {
      const orderNo = `ORD-${randomUUID()}`;
      const screen = await open();
      await screen.fill({ orderNo });
      await screen.submit.dblclick();
      await screen.status.waitFor();
      expect([effects(orderNo), received(orderNo)]).toEqual([1, 1]);
    });

    test("shows why EBP rejected a cancel, and sends the next try under a new key", async () => {
      const orderNo = `SIM-CANCELLATION-FAILED-${randomUUID()}`;
      const screen = await open();
      await screen.fill({ orderNo });
      await screen.submit.click();
      await screen.alert.waitFor();
      expect(await screen.alert.innerText()).toMatch(/EBP/u);
      await screen.order(orderNo).getByText(`${orderNo}: 1000 KRW FAILED`).waitFor();
      await screen.submit.click();
      await screen.order(orderNo).getByRole("listitem").nth(1).waitFor();
      expect(new Set(await keysOf(orderNo)).size).toBe(2);
    });

    test("shows what is wrong beside its field, and cancels once it is corrected", async () => {
      const orderNo = `ORD-${randomUUID()}`;
      const screen = await open();
      await screen.fill({ orderNo, itemId: " ", total: "999" });
      await screen.submit.click();
      await screen.itemId.and(page.locator("[aria-invalid=true]")).waitFor();
      expect(await screen.messageOf(screen.itemId)).toMatch(/enter 1 to 100 characters/u);
      expect(await screen.alert.count()).toBe(0);
      // What is no number at all is refused before the rest is looked at.
      await screen.fill({ itemId: "P001", amount: "a lot" });
      await screen.submit.click();
      await screen.amount.and(page.locator("[aria-invalid=true]")).waitFor();
      expect(await screen.messageOf(screen.amount)).not.toBe("");
      await screen.fill({ amount: "1000" });
      await screen.submit.click();
      await screen.total.and(page.locator("[aria-invalid=true]")).waitFor();
      expect(await screen.messageOf(screen.total)).toMatch(/which is 1000/u);

      expect(await keysOf(orderNo)).toEqual([]);
      await screen.fill({ total: "1000" });
      await screen.submit.click();
      await screen.status.waitFor();
      expect(effects(orderNo)).toBe(1);
    });

    test("keeps what was typed, and the key that was sent, over reloads", async () => {
      const orderNo = `ORD-${randomUUID()}`;
      const screen = await open();
      await screen.fill({ orderNo });
      await page.reload();
      expect(await screen.orderNo.inputValue()).toBe(orderNo);
      gate.close();
      release(() => gate.open());
      await screen.submit.click();
      await screen.order(orderNo).getByText(`${orderNo}: 1000 KRW PENDING`).waitFor();
      const [key] = await keysOf(orderNo);
      await page.reload();
      expect(await screen.orderNo.inputValue()).toBe(orderNo);
      expect(await screen.orderNo.isEditable()).toBe(false);
      await screen.ask.click();
      gate.open();
      await screen.status.waitFor();

      expect([effects(orderNo), received(orderNo)]).toEqual([1, 1]);
      expect(await keysOf(orderNo)).toEqual([key]);
    });

    test("shows each change of an order when it happens, also what somebody else does", async () => {
      const orderNo = `SIM-RETRY-RECOMMENDED-${randomUUID()}`;
      const screen = await open();
      await screen.fill({ orderNo });
      await screen.submit.click();
      await screen.order(orderNo).getByText(`${orderNo}: 1000 KRW UNKNOWN`).waitFor();
      await screen.list.getByText(`${orderNo}: 1000 KRW UNKNOWN`).waitFor();
      await world.service.letTimePass("1 hour");
      await world.service.reconcile();
      await screen.order(orderNo).getByText(`${orderNo}: 1000 KRW FAILED`).waitFor();
      await screen.list.getByText(`${orderNo}: 1000 KRW FAILED`).waitFor();
      await cancelElsewhere(orderNo);
      await screen.order(orderNo).getByRole("listitem").nth(1).waitFor();
    });

    test("of Relay pages through an order's cancellations", async () => {
      const orderNo = `ORD-${randomUUID()}`;
      for (let n = 0; n < 13; n += 1) await cancelElsewhere(orderNo);
      await open(`/relay/?orderNo=${orderNo}`);
      const lines = page.getByRole("list", { name: "Cancellations of this order" }).getByRole("listitem");
      await page.getByText("Cancelled: 13000 KRW").waitFor();
      expect(await lines.count()).toBe(10);
      await page.getByRole("button", { name: "More" }).click();
      await lines.nth(12).waitFor();
      expect(await lines.first().innerText()).toBe("1000 SUCCEEDED, 13000 in all");
      expect(await page.getByRole("button", { name: "More" }).count()).toBe(0);
    });
  },
);

/** Only what hangs reaches it, also on a machine that has much else to do. */
const PATIENCE_MS = 120_000;

interface Values {
  readonly orderNo?: string;
  readonly itemId?: string;
  readonly amount?: string;
  readonly total?: string;
}

interface Screen extends Record<keyof Values, Locator> {
  readonly submit: Locator;
  readonly ask: Locator;
  readonly status: Locator;
  readonly alert: Locator;
  readonly list: Locator;
  order(orderNo: string): Locator;
  fill(values: Values): Promise<void>;
  /** What stands beside a field. */
  messageOf(field: Locator): Promise<string>;
}

/** The page as somebody sees it who finds things by their names. */
function screenOf(page: Page): Screen {
  const fields = {
    orderNo: page.getByLabel("Order number"),
    itemId: page.getByLabel("Item", { exact: true }),
    amount: page.getByLabel("Amount of the item"),
    total: page.getByLabel("Total to cancel"),
  };
  let isNew = true;
  return {
    ...fields,
    submit: page.getByRole("button", { name: "Cancel the payment" }),
    ask: page.getByRole("button", { name: "Ask what became of it" }),
    status: page.getByRole("status"),
    alert: page.getByRole("alert"),
    list: page.getByRole("region", { name: "All cancellations" }),
    order: (orderNo) => page.getByRole("region", { name: `Order ${orderNo}` }),
    async fill(values) {
      const all = isNew ? { itemId: "P001", amount: "1000", total: "1000", ...values } : values;
      isNew = false;
      for (const [name, value] of Object.entries(all)) await fields[name as keyof Values].fill(value);
    },
    async messageOf(field) {
      const id = await field.getAttribute("aria-describedby");
      return page.locator(`[id="${String(id)}"]`).innerText();
    },
  };
}
