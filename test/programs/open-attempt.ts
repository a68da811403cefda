/**
 * Tries to open a state directory, and says on standard output, in one line of JSON, what came of it.
 *
 *     open-attempt.js <directory> <writer | reader>
 */
import { isHoldfastError, openStateDirectory } from "holdfast";

const [directory = "", mode = ""] = process.argv.slice(2);
try {
  const state = await openStateDirectory({ directory, mode: mode === "reader" ? "reader" : "writer" });
  await state.close();
  console.log(JSON.stringify({ opened: true }));
} catch (error) {
  if (!isHoldfastError(error)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
