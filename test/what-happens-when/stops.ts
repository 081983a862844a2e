import { expect } from "@jest/globals";
import { until } from "../helpers/gate.js";
import { WEBHOOK_SECRET, type TestService } from "../helpers/service.js";
import { program, runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";
import { atEbp, EBP_ANSWERS, letIn, orderOf, standing, type Scenario } from "./scenario.js";

/** Processes that are told to stop. */
export const STOPS: Readonly<Record<string, Scenario>> = {
  "SIGTERM stops the service": async (service) => {
    const order = orderOf("SIM-SLOW");
    const { stopped, answer } = await inFlight(service, order);
    stopped.kill("SIGTERM");

    expect(await answer).toMatchObject({ data: { cancelPayment: { userErrors: [] } } });
    expect(await stopped.ended).toBe(0);
    expect(await standing(service, order)).toMatchObject({ status: "SUCCEEDED" });
  },

  "SIGTERM comes while PostgreSQL cannot be reached": async (service) => {
    const [first, second] = [orderOf("ORD"), orderOf("ORD")];
    const settings = { EBP_TIMEOUT_MS: "800", RECONCILE_INTERVAL_MS: "0" };
    const [patient, outOfTime] = await Promise.all([
      listening(service, settings),
      listening(service, { ...settings, SHUTDOWN_GRACE_MS: "500" }),
    ]);
    EBP_ANSWERS.close();
    const answer = ask(patient, first);
    // Nobody has to be answered when the time is over.
    ask(outOfTime, second).catch(() => undefined);
    await until(() => [first, second].every((order) => atEbp(service, order)[1] === 1));
    // What EBP answers meanwhile waits in the socket.
    for (const process of [patient, outOfTime]) process.kill("SIGSTOP");
    EBP_ANSWERS.open();
    await letIn(service, false);
    for (const process of [patient, outOfTime]) {
      process.kill("SIGCONT");
      process.kill("SIGTERM");
    }
    expect(await answer).toMatchObject({ data: { cancelPayment: { cancellation: { status: "PENDING" } } } });
    patient.kill("SIGTERM");
    await patient.output(/SIGTERM again/u);
    expect(await outOfTime.ended).toBe(1);
    await letIn(service, true);
    expect(await patient.ended).toBe(0);
    expect(await standing(service, first)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });

    const { id, status } = await standing(service, second);
    const lines = outOfTime.log().filter(({ msg }) => msg === "an outcome is known, and could not be stored");
    expect([status, lines.length]).toEqual(["PENDING", 1]);
    expect(lines[0]).toMatchObject({
      level: 50,
      storeId: "SIM-KR",
      cancellationId: id,
      orderNo: second.orderNo,
      to: "SUCCEEDED",
      evidence: {
        resultCode: "0",
        httpStatus: 200,
        requestId: expect.any(String),
        basis: expect.any(String),
      },
      returnRequestId: expect.any(String),
    });
    expect(lines[0].evidence).not.toHaveProperty("rawAnswer");
  },

  "an error is thrown that nothing catches": async (service) => {
    const failing = ["uncaughtException", "unhandledRejection"].map(async (kind) => {
      const order = orderOf("SIM-SLOW");
      const { stopped, answer } = await inFlight(service, order, { FAULT_KIND: kind });
      stopped.kill("SIGUSR2");

      expect(await answer).toMatchObject({ data: { cancelPayment: { userErrors: [] } } });
      expect(await stopped.ended).toBe(1);
      expect(await standing(service, order)).toMatchObject({ status: "SUCCEEDED" });
      expect(stopped.log().filter(({ level }) => level === 60)).toEqual([
        expect.objectContaining({ msg: expect.stringContaining(kind) }),
      ]);
      // The engine's words quote what it could not read.
      expect(stopped.stdout + stopped.stderr).not.toContain("1029384756");
    });
    await Promise.all(failing);
  },
};

/** Begins with this: SIGUSR2 makes a fault, such as a library's timer that throws. */
const WITH_FAULTS = ["--import", "./test/what-happens-when/fault-on-signal.mjs", ...program("main")];

/** A process of its own that listens. */
async function listening(
  service: TestService,
  environment: Record<string, string> = {},
): Promise<ServiceProcess> {
  const process = runService(
    {
      DATABASE_URL: service.databaseUrl,
      EBP_BASE_URL: service.simulator.url,
      EBP_WEBHOOK_SECRET: WEBHOOK_SECRET,
      DATA_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
      PORT: "0",
      ...environment,
    },
    WITH_FAULTS,
  );
  await urlOf(process);
  return process;
}

/** Asks for a cancel, and for nothing that is read from the database. */
async function ask(process: ServiceProcess, order: { orderNo: string }): Promise<unknown> {
  const query = `mutation ($input: CancelPaymentInput!) {
    cancelPayment(input: $input) { cancellation { status } userErrors { code } }
  }`;
  const answer = await fetch(`${await urlOf(process)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { input: order } }),
  });
  return answer.json();
}

/** A process of its own whose cancel EBP has received, and not answered yet. */
async function inFlight(
  service: TestService,
  order: { orderNo: string },
  environment?: Record<string, string>,
): Promise<{ stopped: ServiceProcess; answer: Promise<unknown> }> {
  const stopped = await listening(service, environment);
  const answer = ask(stopped, order);
  await until(() => atEbp(service, order)[0] === 1);
  return { stopped, answer };
}
