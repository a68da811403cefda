import type { ProcessFigure } from "../figures/figure.js";

/** What is counted from outside: the files of packs, those that are removed and still held included, and all others. */
export type Descriptors = Readonly<Record<"descriptors" | "packDescriptors", number>>;

/** What a process says of itself when it is asked. */
export type Vitals = Readonly<Record<Exclude<ProcessFigure, keyof Descriptors>, number>>;

/** Sent to a process over its channel to ask for its vitals, and back with them. */
export interface VitalsQuestion {
  readonly vitals: number;
}
export interface VitalsAnswer extends VitalsQuestion {
  readonly answer: Vitals;
}

export function isVitalsQuestion(message: unknown): message is VitalsQuestion {
  return typeof message === "object" && message !== null && "vitals" in message && !("answer" in message);
}

export function isVitalsAnswer(message: unknown): message is VitalsAnswer {
  return typeof message === "object" && message !== null && "vitals" in message && "answer" in message;
}
