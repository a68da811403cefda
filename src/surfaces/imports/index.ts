/** What an import leaves behind while it is under way. @module */
export { beginImport, endImport, importMarks, isUnderWay } from "./import-mark.js";
