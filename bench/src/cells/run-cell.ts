import type { Figures } from "../figures.js";
import { cells, type CellName } from "./index.js";

/** The program of a cell's process: name and plan are its arguments, its figures one line of JSON on standard output. */
// Ending by way of the exit handlers takes the server with it, if the cell started one.
process.once("SIGTERM", () => process.exit(1));

const name = process.argv[2] as CellName;
const cell = (await cells[name]()) as (plan: unknown) => Promise<Figures>;
const figures = await cell(JSON.parse(process.argv[3] ?? ""));
console.log(JSON.stringify(figures));
