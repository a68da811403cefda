import { Command } from "commander";
import type { Bind } from "../invocation.js";

interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly logLevel?: string;
  readonly keys?: string;
}

export function serveCommand(bind: Bind): Command {
  return new Command("serve")
    .summary("run the HTTP service on the state directory")
    .description(
      "Takes the directory, recovers it, tells what that did, and serves HTTP until SIGTERM or SIGINT. A second signal " +
        "ends it at once, which loses nothing that was acknowledged.",
    )
    .option("--host <address>", "the address to listen on (default: 127.0.0.1)")
    .option("--port <number>", "the port to listen on; 0 lets the system choose (default: 8650)")
    .option("--log-level <level>", "trace, debug, info, warn, error, fatal or silent (default: info)")
    .option("--keys <file>", "a file with the keys that open the service; needed to listen on more than loopback")
    .action(
      bind(async (invocation, { host, port, logLevel, keys }: ServeOptions) => {
        const { config } = await invocation.loadConfig({
          ...(host === undefined ? {} : { host: { flag: "--host", text: host } }),
          ...(port === undefined ? {} : { port: { flag: "--port", text: port } }),
          ...(logLevel === undefined ? {} : { logLevel: { flag: "--log-level", text: logLevel } }),
          ...(keys === undefined ? {} : { "server.keysFile": { flag: "--keys", text: keys } }),
        });
        // Loaded only here: the HTTP framework takes longer to load than most other commands to run.
        const { runService } = await import("../service/run-service.js");
        return await runService(invocation, config);
      }),
    );
}
