import { expect } from "@jest/globals";
import { until } from "../helpers/gate.js";
import { WEBHOOK_SECRET, type TestService } from "../helpers/service.js";
import { program, runService, urlOf, type ServiceProcess } from "../helpers/service-process.js";
import { atEbp, letIn, orderOf, standing, type Scenario } from "./scenario.js";

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
    const [first, second] = [orderOf("SIM-SLOW"), orderOf("SIM-SLOW")];
    const { stopped: patient, answer } = await stoppedWithoutDatabase(service, first);
    expect(await answer).toMatchObject({ data: { cancelPayment: { cancellation: { status: "PENDING" } } } });
    patient.kill("SIGTERM");
    await patient.output(/SIGTERM again/u);
    await letIn(service, true);
    expect(await patient.ended).toBe(0);
    expect(await standing(service, first)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });

    const { stopped: outOfTime } = await stoppedWithoutDatabase(service, second, {
      SHUTDOWN_GRACE_MS: "500",
    });
    expect(await outOfTime.ended).toBe(1);
    await letIn(service, true);
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
    for (const kind of ["uncaughtException", "unhandledRejection"]) {
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
    }
  },
};

/** Begins with this: SIGUSR2 makes a fault, such as a library's timer that throws. */
const WITH_FAULTS = ["--import", "./test/what-happens-when/fault-on-signal.mjs", ...program("main")];

/** A process of its own whose cancel EBP has received, and not answered yet. */
async function inFlight(
  service: TestService,
  order: { orderNo: string },
  environment: Record<string, string> = {},
): Promise<{ stopped: ServiceProcess; answer: Promise<unknown> }> {
  const stopped = runService(
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
  const url = await urlOf(stopped);
  const headers = { "content-type": "application/json" };
  // Nothing that is read from the database.
  const query = `mutation ($input: CancelPaymentInput!) {
    cancelPayment(input: $input) { cancellation { status } userErrors { code } }
  }`;
  const body = JSON.stringify({ query, variables: { input: order } });
  const answer = fetch(`${url}/graphql`, { method: "POST", headers, body }).then((answered) =>
    answered.json(),
  );
  await until(() => atEbp(service, order)[0] === 1);
  return { stopped, answer };
}

/** Told to stop while the database is away, and EBP answers. */
async function stoppedWithoutDatabase(
  service: TestService,
  order: { orderNo: string },
  environment: Record<string, string> = {},
): Promise<{ stopped: ServiceProcess; answer: Promise<unknown> }> {
  const flight = await inFlight(service, order, {
    EBP_TIMEOUT_MS: "1500",
    RECONCILE_INTERVAL_MS: "0",
    ...environment,
  });
  const { stopped, answer } = flight;
  // Nobody has to be answered when the time is over.
  answer.catch(() => undefined);
  // What EBP answers meanwhile waits in the socket.
  stopped.kill("SIGSTOP");
  await letIn(service, false);
  stopped.kill("SIGCONT");
  stopped.kill("SIGTERM");
  return flight;
}
