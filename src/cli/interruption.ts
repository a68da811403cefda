/** Aborts on SIGINT and SIGTERM until it is disposed of. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * For commands that run until they are told to stop: being told so is how they end well, not a failure. Any other
 * command is simply killed: everything it does to a state directory may be cut off at any point.
 */
export function interruption(): Interruption {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals): void => {
    controller.abort(name);
  };
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  // Neither a signal that may come nor a directory that is watched keeps a process alive; this does.
  const alive = setInterval(() => undefined, 2_147_483_647);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearInterval(alive);
      process.off("SIGINT", abort);
      process.off("SIGTERM", abort);
    },
  };
}
