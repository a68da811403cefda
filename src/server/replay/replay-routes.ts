import type { FastifyInstance } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";
import { erasingReplay } from "./erasing-replay.js";
import { exportingReplay } from "./exporting-replay.js";
import { outcomeRoute } from "./outcome-route.js";
import { readingReplay } from "./reading-replay.js";
import { recordingReplay } from "./recording-replay.js";
import { replayHeaders } from "./replay-headers.js";
import { replayingTrajectory } from "./replaying-trajectory.js";

/** Router replay: the reference's routes, and those by which a router records. */
export function replayRoutes(server: FastifyInstance, { replay }: StateDirectory): void {
  replayHeaders(server);
  readingReplay(server, replay);
  replayingTrajectory(server, replay);
  exportingReplay(server, replay);
  recordingReplay(server, replay);
  erasingReplay(server, replay);
  outcomeRoute(server, replay);
}
