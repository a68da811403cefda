import { join } from "node:path";
import { writeFully, type FileSystem } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { storageError } from "../files/storage-error.js";
import { temporaryName } from "../files/temporary-name.js";

/** A file that is there for the time being. */
export interface SpooledInput extends AsyncDisposable {
  readonly path: string;
}

/**
 * Keeps a stream in a temporary file, so that it can be read twice: all of it is checked before any of it is written.
 * Readable for its owner only.
 */
export async function spoolInput(
  fileSystem: FileSystem,
  folder: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<SpooledInput> {
  const path = temporaryName(join(folder, "holdfast-input"));
  const remove = (): Promise<void> => removeIfPresent(fileSystem, path);
  try {
    const file = await fileSystem.open(path, "create");
    try {
      let position = 0;
      for await (const chunk of stream) {
        await writeFully(file, chunk, position);
        position += chunk.length;
      }
    } finally {
      await file.close();
    }
    return { path, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw storageError(error, "keep the input for the time being", path);
  }
}
