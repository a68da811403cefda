/** Something a test waits at until it opens it. */
export interface Gate<Value> {
  readonly opened: Promise<Value>;
  open(value: Value): void;
}

export function gate<Value>(): Gate<Value> {
  const waiting: ((value: Value) => void)[] = [];
  const opened = new Promise<Value>((resolve) => {
    waiting.push(resolve);
  });
  return {
    opened,
    open(value) {
      for (const resolve of waiting) resolve(value);
    },
  };
}
