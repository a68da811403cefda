import type { Reconciliation } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";
import { failAbandoned, type Failures } from "./attachment-repair.js";
import { attachmentsCollection } from "./attachment-document.js";
import type { VectorStoreContext } from "./context.js";
import type { IntentBody } from "./intent-document.js";
import type { Intents } from "./intents.js";
import { backendFailure } from "./vector-backend.js";
import { vectorStoresCollection } from "./vector-store-document.js";

const surface = "vector_stores";
const mostIds = 100;
const storesPerPage = 1_000;

/** What each intent that was found means: what is done about it, and why it was there. */
const intentReports = {
  create: { action: "rolled_back", reason: "creation_interrupted" },
  delete: { action: "finished", reason: "deletion_interrupted" },
  expire: { action: "finished", reason: "expiry_interrupted" },
  release: { action: "removed", reason: "ingestion_remains" },
} as const satisfies Record<IntentBody["action"], { action: string; reason: string }>;

/** Puts in order what a dead owner left of vector stores; see {@link Intents} and {@link failAbandoned}. */
export async function reconcile(context: VectorStoreContext, intents: Intents): Promise<Reconciliation[]> {
  return [
    ...(await failures(context, intents)),
    ...(await queued(context)),
    ...(await settledIntents(intents)),
    ...(await comparedWithBackend(context, intents)),
  ];
}

async function failures(context: VectorStoreContext, intents: Intents): Promise<Reconciliation[]> {
  let failed: Failures;
  try {
    failed = await failAbandoned(context, intents);
  } catch (error) {
    // A full disk must not keep the directory from being opened, which is what makes room; maintenance goes on with it.
    if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
    const { documents } = await context.store
      .collection(attachmentsCollection)
      .list({ where: { status: "in_progress" } });
    return report(
      "pending",
      "storage_full",
      documents.map(({ id }) => id),
      error.message,
    );
  }
  return [...failed].flatMap(([reason, ids]) => report("failed", reason, ids));
}

async function queued({ store, ingestion }: VectorStoreContext): Promise<Reconciliation[]> {
  if (typeof ingestion === "string") return [];
  const { documents } = await store
    .collection(attachmentsCollection)
    .list({ where: { ingestion: "queued" }, limit: 10_000 });
  const ids = documents.map(({ body: { vector_store_file: file } }) => `${file.vector_store_id}/${file.id}`);
  return report("resumed", "queued_before_restart", ids);
}

/** An outage neither loses what was noted nor passes for success: it is told, and maintenance tries again. */
async function settledIntents(intents: Intents): Promise<Reconciliation[]> {
  const found = new Map<string, { action: string; reason: string; ids: string[]; detail?: string }>();
  const add = (action: string, reason: string, id: string, detail?: string): void => {
    const key = `${action} ${reason}`;
    const entry = found.get(key) ?? { action, reason, ids: [], ...(detail === undefined ? {} : { detail }) };
    entry.ids.push(id);
    found.set(key, entry);
  };
  for (const intent of await intents.pending()) {
    const { action, vector_store_id, attachment } = intent.body;
    const id = attachment === undefined ? vector_store_id : `${vector_store_id}/${attachment.vector_store_file.id}`;
    const { action: done, reason } = intentReports[action];
    try {
      await intents.settle(intent.id);
      add(done, reason, id);
    } catch (error) {
      if (!isHoldfastError(error, "BACKEND_FAILED")) throw error;
      add("pending", "backend_failed", id, error.message);
    }
  }
  return [...found.values()].flatMap(({ action, reason, ids, detail }) => report(action, reason, ids, detail));
}

/** Collections that no vector store has, and vector stores that have no collection. Neither is changed: both are data. */
async function comparedWithBackend(context: VectorStoreContext, intents: Intents): Promise<Reconciliation[]> {
  const { backend } = context;
  const wanted = await collectionsOfStores(context);
  const foreign = wanted.filter(({ name }) => name !== backend?.name).map(({ id }) => id);
  const unknownBackend = report("unverified", "backend_not_configured", foreign);
  if (backend === undefined) return unknownBackend;
  let present: ReadonlySet<string>;
  try {
    present = new Set(await backend.list());
  } catch (error) {
    const ids = wanted.map(({ id }) => id);
    const failure = backendFailure(backend.name, "list its collections", error);
    return [
      ...unknownBackend,
      ...report("unverified", "backend_failed", ids, failure.message, Math.max(1, ids.length)),
    ];
  }
  const named = new Set(wanted.map(({ collection }) => collection));
  // What is noted is known, whatever its outcome.
  for (const { body } of await intents.pending()) if (body.backend !== undefined) named.add(body.backend.collection);
  return [
    ...unknownBackend,
    ...report("unknown_collection", "no_vector_store", [...present].filter((name) => !named.has(name)).sort()),
    ...report(
      "missing_collection",
      "not_in_backend",
      wanted.filter(({ name, collection }) => name === backend.name && !present.has(collection)).map(({ id }) => id),
    ),
  ];
}

/** The collections that should be there: those of vector stores that have not expired. */
async function collectionsOfStores({
  store,
}: VectorStoreContext): Promise<{ id: string; name: string; collection: string }[]> {
  const wanted: { id: string; name: string; collection: string }[] = [];
  for (let after: string | undefined; ;) {
    const page = await store
      .collection(vectorStoresCollection)
      .list({ limit: storesPerPage, ...(after === undefined ? {} : { after }) });
    for (const { id, body } of page.documents) {
      if (body.backend !== undefined && body.expired_at === undefined) wanted.push({ id, ...body.backend });
    }
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return wanted;
  }
}

function report(
  action: string,
  reason: string,
  ids: readonly string[],
  detail?: string,
  count = ids.length,
): Reconciliation[] {
  if (count === 0) return [];
  return [{ surface, action, reason, count, ids: ids.slice(0, mostIds), ...(detail === undefined ? {} : { detail }) }];
}
