import { milliseconds, table, whole } from "./format.js";
import { figureOf, type Measured } from "./select.js";

const titles: Readonly<Record<string, string>> = {
  holdfast: "holdfast, `report` (durable) to `watchStartupStatus`",
  redis: "Redis pub/sub (kept nowhere)",
  "redis-durable": "Redis SET, appendfsync always, and pub/sub",
};

/** From the call that reports an update until a watcher in another process has seen it, or a newer one. */
export function watchTable(all: readonly Measured[]): string {
  const rows = ["paced", "burst"].flatMap((pass) =>
    all.map((measured) => {
      const figure = (name: string): number => figureOf(measured, `${pass}${name}`);
      const sawLast = measured.rounds.every((round) => round[`${pass}SawLast`] === 1);
      return [
        `${titles[measured.engine] ?? measured.engine}, ${pass === "paced" ? "at a pace" : "back to back"}`,
        milliseconds(figure("P50")),
        milliseconds(figure("P99")),
        milliseconds(figure("Max")),
        whole(figure("Seen")),
        sawLast ? "always" : "**no**",
        milliseconds(figure("ReportP50")),
        pass === "paced" ? milliseconds(figureOf(measured, "loopDelayP99")) : "",
      ];
    }),
  );
  return table(
    [
      "channel",
      "p50 ms",
      "p99 ms",
      "max ms",
      "updates seen",
      "last one seen",
      "report p50 ms",
      "writer's loop delay p99 ms",
    ],
    rows,
  );
}
