import type { Bench } from "../bench.js";
import { insertWorkload } from "./insert.js";
import { lifecycleWorkload } from "./lifecycle.js";
import { limitsWorkload } from "./limits.js";
import type { WorkloadName } from "./names.js";
import { scaleWorkload } from "./scale.js";
import { sustainedWorkload } from "./sustained.js";
import { watchWorkload } from "./watch.js";

export const workloads: Readonly<Record<WorkloadName, (bench: Bench) => Promise<void>>> = {
  limits: limitsWorkload,
  insert: insertWorkload,
  lifecycle: lifecycleWorkload,
  scale: scaleWorkload,
  watch: watchWorkload,
  sustained: sustainedWorkload,
};
