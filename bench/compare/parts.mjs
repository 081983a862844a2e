import { measureCancels } from "./cancels.mjs";
import { measureMemory } from "./memory.mjs";
import { measureProfile } from "./profile.mjs";
import { measureReads } from "./reads.mjs";
import { measureReplicas } from "./replicas.mjs";
import { measureStart } from "./start.mjs";

/** What a run is made of, by the names of `--only`. Each adds to the notes what it had to leave out. */
export const MEASURE = {
  cancels: measureCancels,
  reads: measureReads,
  memory: measureMemory,
  replicas: measureReplicas,
  profile: measureProfile,
  start: measureStart,
};
