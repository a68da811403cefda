import type { AddressInfo } from "node:net";
import type { StateDirectory } from "holdfast";
import { createServer } from "holdfast/server";
import type { Configuration } from "./configuration.js";
import { CachedUpstream } from "./caches/cached-upstream.js";
import { openCaches } from "./caches/open-caches.js";
import { openModels } from "./models/open-models.js";
import { Retriever } from "./retrieval/retriever.js";
import { createResponses } from "./routes/create-response.js";
import { ConversationLocks } from "./turns/conversation-locks.js";
import { RouterStopping } from "./turns/router-stopping.js";
import { ChatUpstream } from "./upstream/chat-upstream.js";
import { startLocalUpstream, type LocalUpstream } from "./upstream/local-upstream.js";

/**
 * How long turns that are under way may go on once the router is to stop, in milliseconds: less than the ten seconds
 * after which container runtimes kill, so that there is time left to end them.
 */
const drainMs = 8_000;

/** A router that serves. */
export interface Router {
  readonly port: number;
  /** Takes no more requests, lets the turns under way end, and resolves. The state directory stays open. */
  stop(): Promise<void>;
}

/**
 * Starts a router on an open state directory and reports each phase on the way. `ready` is the last, and reported only
 * once the listener is bound: a status must not promise more than a connection would get.
 */
export async function startRouter(state: StateDirectory, configuration: Configuration): Promise<Router> {
  const caches = await openCaches(configuration.cacheUrl);
  const local = configuration.upstream === undefined ? await startLocalUpstream() : undefined;
  const release = async (): Promise<void> => {
    await local?.close();
    // Its connection is sought for as long as it is open, which would keep a process that has failed from ending.
    await caches[Symbol.asyncDispose]();
  };
  try {
    const { guard } = await openModels(state.startup, {
      url: configuration.modelsUrl ?? local?.modelsUrl,
      directory: configuration.modelsDirectory,
    });
    const stopping = new AbortController();
    const server = createServer(state, { logLevel: "warn" });
    createResponses(server, {
      services: {
        responses: state.responses,
        conversations: state.conversations,
        replay: state.replay,
        locks: new ConversationLocks(),
        retriever: new Retriever({ files: state.files, vectorStores: state.vectorStores, cache: caches.passages }),
        upstream: new CachedUpstream(chatUpstreamOf(configuration, local), caches.answers),
        guard,
      },
      stopping: stopping.signal,
    });
    await server.listen({ host: "127.0.0.1", port: configuration.port });
    const { port } = server.server.address() as AddressInfo;
    await state.startup.report({ phase: "ready", message: `Serving on http://127.0.0.1:${port}/v1.` });
    return {
      port,
      stop: async () => {
        const patience = setTimeout(() => {
          stopping.abort(new RouterStopping());
        }, drainMs);
        await server.close();
        clearTimeout(patience);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function chatUpstreamOf({ upstream }: Configuration, local: LocalUpstream | undefined): ChatUpstream {
  if (upstream !== undefined) return new ChatUpstream(upstream.url, upstream.key);
  if (local !== undefined) return new ChatUpstream(local.url);
  throw new Error("There is no upstream to forward to.");
}
