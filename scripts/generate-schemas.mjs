// Writes schemas/*.schema.json from the zod schemas. Run by `npm run schemas`, which builds first; a test fails when
// what stands there is not what this would write.
import { mkdirSync, writeFileSync } from "node:fs";
import { jsonSchemaText, publishedSchemas } from "../dist/schemas.js";

const folder = new URL("../schemas/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const published of publishedSchemas) {
  writeFileSync(new URL(published.file, folder), jsonSchemaText(published));
  console.log(`schemas/${published.file}`);
}
