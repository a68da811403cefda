const meanings: Readonly<Record<string, string>> = {
  EBADF: "bad file descriptor",
  EEXIST: "file already exists",
  EINVAL: "invalid argument",
  EISDIR: "illegal operation on a directory",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  EPERM: "operation not permitted",
};

/** An error as the system gives it: by its `code`, and as those of Node's own calls, without a stack. */
export function systemError(code: string, call: string, path: string): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error(`${code}: ${meanings[code] ?? "failed"}, ${call} '${path}'`);
  Error.stackTraceLimit = limit;
  return Object.assign(error, { code, syscall: call, path });
}
