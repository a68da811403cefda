import type { Startup } from "holdfast";
import type { Model, ModelFolder } from "./model-folder.js";

/** How much more of a model must have arrived before its progress is reported again: each report is synced to disk. */
const reportEveryShare = 0.25;

/** Sees to it that every model is there, and reports what it does. @throws Error if one can not be had. */
export async function prepareModels(startup: Startup, folder: ModelFolder, models: readonly Model[]): Promise<void> {
  const total = models.length;
  await startup.report({
    phase: "checking_models",
    message: "Checking required router models...",
    ready_models: 0,
    total_models: total,
  });
  const missing: Model[] = [];
  for (const model of models) if (!(await folder.has(model))) missing.push(model);

  for (const [done, model] of missing.entries()) {
    const report = (bytes: number, totalBytes: number | undefined): Promise<unknown> =>
      startup.report({
        phase: "downloading_models",
        message: `Downloading model ${model.name}`,
        downloading_model: model.name,
        pending_models: missing.slice(done).map(({ name }) => name),
        ready_models: total - missing.length + done,
        total_models: total,
        progress: [
          {
            model: model.name,
            bytes,
            ...(totalBytes === undefined ? {} : { total_bytes: totalBytes, percent: percentOf(bytes, totalBytes) }),
          },
        ],
      });
    await report(0, undefined);
    let reported = 0;
    await folder.download(model, async ({ bytes, totalBytes }) => {
      if (totalBytes === undefined || (bytes - reported < totalBytes * reportEveryShare && bytes < totalBytes)) return;
      reported = bytes;
      await report(bytes, totalBytes);
    });
  }

  await startup.report({
    phase: "initializing_models",
    message: "Initializing models and router dependencies...",
    ready_models: total,
    total_models: total,
  });
}

function percentOf(bytes: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.round((bytes / total) * 1000) / 10);
}
