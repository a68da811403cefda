import { rename } from "node:fs/promises";
import { createServer } from "node:net";

/** Leaves the name of a socket on which nobody listens. Node removes a socket's name when it is closed, unless it has been renamed. */
export async function leaveDeadSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(`${path}.new`, resolve);
  });
  await rename(`${path}.new`, path);
  await new Promise<void>((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
}
