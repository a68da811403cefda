// Writes docs/durability-contract.md from src/contract. Run by `npm run contract`, which builds first; a test fails when
// what stands there is not what this would write.
import { writeFileSync } from "node:fs";
import { contractPage, durabilityContract } from "../dist/contract/index.js";

writeFileSync(new URL("../docs/durability-contract.md", import.meta.url), contractPage(durabilityContract));
console.log("docs/durability-contract.md");
