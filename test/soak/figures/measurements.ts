import type { Descriptors, Vitals } from "../processes/vitals.js";
import { processFigures, stateFigures, type Figure, type ProcessFigure, type StateFigure } from "./figure.js";
import { judge, judgeLimit, type Judgement } from "./judgement.js";
import { Series } from "./series.js";
import type { StateSize } from "./state-size.js";

export type Phase = "killing" | "undisturbed";

/** One figure of one subject in one phase, judged. */
export interface Row {
  readonly phase: Phase;
  readonly subject: string;
  readonly figure: Figure;
  readonly points: number;
  readonly judgement: Judgement;
  /** Whether growth of it fails the run. */
  readonly isJudged: boolean;
}

const directory = "state directory";

/** Everything that was measured, by phase, subject and figure. */
export class Measurements {
  readonly #series = new Map<string, { phase: Phase; subject: string; figure: Figure; series: Series }>();

  /** @param isFull whether what it keeps in memory on purpose is full; before that, memory is not counted. */
  addVitals(phase: Phase, subject: string, vitals: Vitals & Partial<Descriptors>, isFull: boolean): void {
    for (const [name, figure] of Object.entries(processFigures) as [ProcessFigure, Figure][]) {
      const value = vitals[name];
      if (value === undefined) continue;
      const series = this.#seriesOf(phase, subject, figure);
      if (isFull || figure.fillsUp !== true) series.add(Date.now(), value);
    }
  }

  /**
   * @param documents how many live, by the reader.
   * @param isFull whether there is as much of everything as there may be; before that, only limits are looked at.
   */
  addState(phase: Phase, { parts: size, collections }: StateSize, documents: number, isFull: boolean): void {
    if (documents === 0 || collections === 0) return;
    const packBytes = size.packs.bytes + size.packIndexes.bytes;
    const values: Record<StateFigure, number> = {
      documents,
      filesPerDocument: (size.documents.files + size.packs.files + size.packIndexes.files) / documents,
      bytesPerDocument: (size.documents.bytes + packBytes) / documents,
      packs: size.packs.files,
      packBytesPerDocument: packBytes / documents,
      blobFiles: size.blobs.files,
      journalBytes: size.journal.bytes,
      otherFiles: size.other.files,
      claims: size.epochs.files,
      foldersPerCollection: (size.documents.folders + size.packs.folders + size.packIndexes.folders) / collections,
      quarantineFiles: size.quarantine.files,
    };
    for (const [name, figure] of Object.entries(stateFigures) as [StateFigure, Figure][]) {
      const series = this.#seriesOf(phase, directory, figure);
      if (isFull || figure.limit !== undefined) series.add(Date.now(), values[name]);
    }
  }

  rows(): Row[] {
    return [...this.#series.values()].map(({ phase, subject, figure, series: { points } }) => {
      // A kill may leave a torn tail, or the bytes of an upload that nobody was told of; both are kept for good.
      const isJudged =
        (figure.tolerance ?? figure.limit) !== undefined &&
        !(phase === "killing" && figure === stateFigures.quarantineFiles);
      const judgement =
        figure.limit === undefined
          ? judge(points, figure.tolerance ?? { absolute: Infinity, share: 0 })
          : judgeLimit(points, figure.limit);
      return { phase, subject, figure, points: points.length, judgement, isJudged };
    });
  }

  #seriesOf(phase: Phase, subject: string, figure: Figure): Series {
    const key = `${phase}/${subject}/${figure.name}`;
    let entry = this.#series.get(key);
    if (entry === undefined) {
      entry = { phase, subject, figure, series: new Series() };
      this.#series.set(key, entry);
    }
    return entry.series;
  }
}
