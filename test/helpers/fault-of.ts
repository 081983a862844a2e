import { InvalidArgumentError } from "../../src/cancellation/model/errors.js";
import type { Fault } from "../../src/cancellation/model/fault.js";

/** What is wrong with the argument that this refuses; null when it refuses none. */
export function faultOf(work: () => unknown): Fault | null {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.fault;
    throw error;
  }
  return null;
}
