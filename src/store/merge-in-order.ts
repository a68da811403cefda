/** Merges sources that are each in order, as that of listings is: by their keys, upwards or downwards. */
export function mergeInOrder<Item extends { readonly orderKey: string }>(
  sources: readonly IterableIterator<Item>[],
  direction: "asc" | "desc",
): Iterable<Item> {
  // Handing items on from one generator to the next is a good part of what a listing costs, and needless for one source.
  return sources.length === 1 ? (sources[0] as IterableIterator<Item>) : merge(sources, direction);
}

function* merge<Item extends { readonly orderKey: string }>(
  sources: readonly Iterator<Item>[],
  direction: "asc" | "desc",
): Generator<Item> {
  const heads: { readonly source: Iterator<Item>; item: Item }[] = [];
  for (const source of sources) {
    const first = source.next();
    if (first.done !== true) heads.push({ source, item: first.value });
  }
  for (;;) {
    let best = heads[0];
    if (best === undefined) return;
    for (const head of heads) {
      const comesFirst =
        direction === "asc" ? head.item.orderKey < best.item.orderKey : head.item.orderKey > best.item.orderKey;
      if (comesFirst) best = head;
    }
    yield best.item;
    const next = best.source.next();
    if (next.done === true) heads.splice(heads.indexOf(best), 1);
    else best.item = next.value;
  }
}
