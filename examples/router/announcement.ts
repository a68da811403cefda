import { performance } from "node:perf_hooks";

/** What the router tells whoever started it, one line of JSON on standard output each. */
export type Announcement =
  | {
      readonly event: "open";
      readonly recovery: {
        readonly outcome: string;
        /** Commits that recovery applied again from the journal. */
        readonly replayed: number;
        /** How the directory became free, and how long it took to take it. */
        readonly takeover: string;
        readonly takeoverMs: number;
        readonly durationMs: number;
      };
      /** How the run before this one ended, `null` when there was none. */
      readonly previousRun: string | null;
    }
  | { readonly event: "ready"; readonly port: number }
  | { readonly event: "stopped" };

/** `ms` is the time since this process began, in milliseconds. */
export function announce(announcement: Announcement): void {
  console.log(JSON.stringify({ ...announcement, ms: Math.round(performance.now() * 10) / 10 }));
}
