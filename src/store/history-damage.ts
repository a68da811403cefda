import { join, relative } from "node:path";
import type { Layout } from "../files/layout.js";
import type { SegmentDamage } from "../journal/check-segment.js";
import type { Quarantine } from "./quarantine.js";
import type { Damage } from "./recovery-report.js";

export interface HistoryDamageParts {
  readonly layout: Layout;
  readonly quarantine: Quarantine;
}

/**
 * Does about damage in what the journal keeps behind the checkpoint what recovery does about damage that opening finds.
 * Nothing is lost by it: the checkpoint has what it held.
 *
 * @returns it, as the report tells it.
 */
export async function setHistoryAside(
  parts: HistoryDamageParts,
  segment: string,
  damage: readonly SegmentDamage[],
): Promise<Damage[]> {
  const found: Damage[] = [];
  for (const region of damage) found.push(await setAside(parts, segment, region));
  return found;
}

async function setAside(
  { layout, quarantine }: HistoryDamageParts,
  segment: string,
  { offset, bytes, detail }: SegmentDamage,
): Promise<Damage> {
  const path = join(layout.journal, segment);
  const damage: Damage = {
    file: relative(layout.root, path),
    kind: "journal",
    detail,
    offset,
    length: bytes.length,
    repaired: true,
  };
  try {
    return { ...damage, quarantined: await quarantine.keep(bytes, path, offset, "journal-damaged", detail) };
  } catch (error) {
    // It is reported all the same; the whole segment goes there with the next checkpoint.
    process.emitWarning(`Holdfast could not set aside the damaged bytes of ${path}: ${String(error)}`);
    return damage;
  }
}
