/** @returns `undefined` for a file that is gone: files come and go while they are looked at. */
export async function withoutAbsent<Value>(looking: Promise<Value>): Promise<Value | undefined> {
  try {
    return await looking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
