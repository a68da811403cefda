/**
 * The model files the local upstream hands out. They are small and made up, but they travel as real ones do: over HTTP,
 * with a length, into a file that is checked before it is used.
 */
export const localModels: ReadonlyMap<string, Buffer> = new Map([
  // What the output guard looks for.
  ["output-guard.json", Buffer.from(JSON.stringify({ blocked: ["the launch code is"] }))],
  // Stands for the weights of an embedding model: bytes that take a moment to arrive.
  ["embedding.bin", Buffer.alloc(512 * 1024, "holdfast")],
]);
