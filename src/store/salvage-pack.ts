import { encodeDocument } from "../documents/envelope.js";
import type { Clock } from "../files/clock.js";
import { lostLine, Pack, writePack, type PackedPlace, type PackEntry } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import { storedKeys } from "./index-keys.js";
import type { RenewalParts } from "./index-renewer.js";

export interface SalvageParts extends RenewalParts {
  readonly clock: Clock;
}

/**
 * Writes a pack anew, under its name, from the lines that can be read. In the place of the others it has tombstones:
 * else an older pack's version of a document would come back as if it were the newest.
 *
 * A crash between the renames of its two files leaves lines and an index that do not fit each other; the next recovery
 * salvages them once more. Of a file that was cut off nothing is lost by that, since all that can be read stands in front.
 *
 * @param unreadable the ids of documents that can not be read. @returns the new pack; the old one is still open.
 */
export async function salvagePack(
  parts: SalvageParts,
  state: CollectionState,
  pack: Pack,
  unreadable: ReadonlySet<string>,
): Promise<Pack> {
  const { fileSystem, layout, clock, cache, storeId } = parts;
  const { lo, hi } = pack.summary;
  const directory = layout.packs(state.name);
  const now = new Date(clock.now()).toISOString();
  const { columns } = state;
  const target = { fileSystem, directory, storeId, collection: state.name, lo, hi, columns, pace: () => undefined };
  await writePack(target, entries(state, pack, unreadable, now));
  await fileSystem.syncDirectory(directory);
  return await Pack.open({ fileSystem, directory, storeId, collection: state.name, lo, hi, cache });
}

async function* entries(
  state: CollectionState,
  pack: Pack,
  unreadable: ReadonlySet<string>,
  now: string,
): AsyncGenerator<readonly PackEntry[]> {
  const { documents, tombstones } = pack.summary;
  for (let ordinal = 0; ordinal < documents + tombstones; ordinal += 1) {
    const place = pack.at(ordinal);
    if (place.deleted || unreadable.has(place.id)) {
      yield [tombstone(state.name, place, now)];
      continue;
    }
    const { envelope, body } = await pack.read(place);
    const { schemaVersion, createdSequence, createdIndex } = envelope;
    const keys = storedKeys(state.definition, envelope, body);
    const line = encodeDocument(envelope, body);
    const { id, sequence, expiresAtMs, deleted } = place;
    yield [{ id, sequence, expiresAtMs, deleted, createdSequence, createdIndex, schemaVersion, keys, line }];
  }
}

function tombstone(kind: string, place: PackedPlace, now: string): PackEntry {
  const { id, sequence } = place;
  return {
    id,
    sequence,
    createdSequence: sequence,
    createdIndex: 0,
    schemaVersion: 1,
    expiresAtMs: Number.POSITIVE_INFINITY,
    deleted: true,
    keys: [],
    line: lostLine(kind, place, now),
  };
}
