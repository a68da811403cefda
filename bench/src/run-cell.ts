import { runCell } from "./cell.js";
import type { CellOrder } from "./cell-process.js";
import { engines } from "./engines/index.js";

/** The program of a cell's process: its order is the first argument, its result one line of JSON on standard output. */
const order = JSON.parse(process.argv[2] ?? "") as CellOrder;
const engine = await engines[order.engine]();
console.log(JSON.stringify(await runCell(engine, order.plan)));
