import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { openStateDirectory } from "../../src/open-state-directory.js";
import { serve } from "../../src/server/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";

test("closing does not wait for connections on which nothing is under way", async () => {
  await using folder = await temporaryFolder();
  await using state = await openStateDirectory({ directory: folder.path });
  const service = await serve(state, { port: 0, logLevel: "silent" });
  // Opened and never used: the server would wait a minute and more for its first request.
  const unused = connect(Number(new URL(service.url).port), "127.0.0.1");
  await once(unused, "connect");
  // Kept alive behind a reply.
  expect((await fetch(`${service.url}/health`)).status).toBe(200);

  const gone = once(unused, "close");
  unused.resume();
  await service.close();
  // That it was closed is the server's doing: nothing else ends this connection within the time a test has.
  await gone;
});
