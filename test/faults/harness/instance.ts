import { command, runService, urlOf, type ServiceProcess } from "../../helpers/service-process.js";

const POINTS = new URL("fault-points.mjs", import.meta.url).href;
const CLOCK = new URL("clock-shift.mjs", import.meta.url).href;
const PATIENCE_MS = 120_000;

/** What is wrong with a process from its start on. */
export interface Defect {
  /** A point of fault-points.mjs, such as `after intent`, and at which occurrence of it; the first unless stated. */
  readonly at?: string;
  readonly nth?: number;
  readonly signal?: "SIGKILL" | "SIGSTOP";
  /** How far its wall clock is off. */
  readonly clockShiftMs?: number;
}

/** One replica as a process of its own. */
export interface Instance extends ServiceProcess {
  readonly url: string;
}

type Environment = Readonly<Record<string, string>>;

/** A replica that listens. */
export async function startInstance(environment: Environment, defect: Defect = {}): Promise<Instance> {
  const service = run("start", environment, defect);
  const url = await within(urlOf(service), "a replica starts").catch(async (error: unknown) => {
    await kill(service);
    throw error;
  });
  return Object.defineProperty(service, "url", { value: url }) as Instance;
}

/** `npm run reconcile`: looks once at everything that is due, and ends. */
export function runReconciler(environment: Environment, defect: Defect = {}): ServiceProcess {
  return run("reconcile", environment, defect);
}

/** Resolves when the process has come to its fault point; it is dead, or stopped, very soon after. */
export async function struck({ ended }: ServiceProcess): Promise<void> {
  const how = await within(ended, "the process comes to its fault point");
  if (how !== "SIGKILL") throw new Error(`the process ended with ${String(how)} before its fault point`);
}

/** Ends it, also when it is stopped. */
export async function kill(service: ServiceProcess): Promise<void> {
  service.kill("SIGKILL");
  await service.ended;
}

/** Fails when something that is about to happen does not. */
export async function within<T>(happens: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([happens, late]).finally(() => clearTimeout(timer));
}

function run(name: "start" | "reconcile", environment: Environment, defect: Defect): ServiceProcess {
  const { at, nth = 1, signal = "SIGKILL", clockShiftMs } = defect;
  const faults = at === undefined ? {} : { FAULT_AT: `${at}:${nth}`, FAULT_SIGNAL: signal };
  const clock = clockShiftMs === undefined ? {} : { CLOCK_SHIFT_MS: String(clockShiftMs) };
  const preloads = [
    ...(at === undefined ? [] : ["--import", POINTS]),
    ...(clockShiftMs === undefined ? [] : ["--import", CLOCK]),
  ];
  return runService({ ...environment, ...faults, ...clock, ...portsIn(environment) }, [
    ...preloads,
    ...command(name),
  ]);
}

function portsIn({ DATABASE_URL = "", EBP_BASE_URL = "" }: Environment): Environment {
  return {
    FAULT_DATABASE_PORT: new URL(DATABASE_URL).port || "5432",
    FAULT_UPSTREAM_PORT: new URL(EBP_BASE_URL).port || "80",
  };
}
