/** The simulator was asked to start where real money moves. */
export class SimulatorInProductionError extends Error {
  override readonly name = "SimulatorInProductionError";

  constructor() {
    super(
      "starting the EBP simulator with NODE_ENV=production: it would confirm cancels that never happened",
    );
  }
}
