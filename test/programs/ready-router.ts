/** Opens a state directory, becomes ready, says so on standard output, and stays until it is killed. */
import { openStateDirectory } from "holdfast";

const [directory = ""] = process.argv.slice(2);
const state = await openStateDirectory({ directory });
await state.startup.report({ phase: "initializing_models" });
await state.startup.report({ phase: "ready" });
console.log(state.startup.current.run_id);
setInterval(() => undefined, 60_000);
