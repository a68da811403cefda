import { z } from "zod";

const environmentSchema = z.object({
  ROUTER_PORT: z.coerce.number().int().min(0).max(65_535).default(8700),
  ROUTER_DIRECTORY: z.string().min(1).default("./router-state"),
  ROUTER_UPSTREAM_URL: z.url().optional(),
  ROUTER_UPSTREAM_KEY: z.string().min(1).optional(),
  ROUTER_MODELS_URL: z.url().optional(),
  ROUTER_MODELS_DIRECTORY: z.string().min(1).optional(),
  ROUTER_CACHE_URL: z.string().min(1).optional(),
});

/** What the environment says of how this router is to run. The table in `README.md` explains each variable. */
export interface Configuration {
  /** 0: the system chooses. */
  readonly port: number;
  readonly directory: string;
  /** Where to forward to; absent: a local upstream is started. */
  readonly upstream: { readonly url: string; readonly key: string | undefined } | undefined;
  /** Where models come from; absent: from the local upstream, and with another upstream there are none. */
  readonly modelsUrl: string | undefined;
  /** Where models are kept; absent: in a temporary folder of this run, as in a container without a volume. */
  readonly modelsDirectory: string | undefined;
  /** A Redis or Valkey server for the caches, shared with other routers; absent: the memory of this process. */
  readonly cacheUrl: string | undefined;
}

/** @throws Error that lists every variable that can not be used. */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment can not be used:\n${problems.join("\n")}`);
  }
  const values = parsed.data;
  return {
    port: values.ROUTER_PORT,
    directory: values.ROUTER_DIRECTORY,
    upstream:
      values.ROUTER_UPSTREAM_URL === undefined
        ? undefined
        : { url: values.ROUTER_UPSTREAM_URL, key: values.ROUTER_UPSTREAM_KEY },
    modelsUrl: values.ROUTER_MODELS_URL,
    modelsDirectory: values.ROUTER_MODELS_DIRECTORY,
    cacheUrl: values.ROUTER_CACHE_URL,
  };
}
