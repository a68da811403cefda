/** The `include` value that asks for the encrypted content of reasoning items. */
export const encryptedReasoning = "reasoning.encrypted_content";

/**
 * What a reader sees of an item. The encrypted content of reasoning items is stored untouched, since the model needs it
 * back byte for byte, but it is shown only to a caller that asked.
 */
export function visibleItem<Shown extends { readonly type: string }>(
  item: Shown,
  include: readonly string[] = [],
): Shown {
  if (item.type !== "reasoning" || !("encrypted_content" in item) || include.includes(encryptedReasoning)) return item;
  const shown: Record<string, unknown> = { ...item };
  delete shown["encrypted_content"];
  return shown as Shown;
}

/** {@link visibleItem} for all items of a response's output; the rest of the response is shown as it is. */
export function visibleResponse<Shown extends { readonly output: readonly { readonly type: string }[] }>(
  response: Shown,
  include: readonly string[] = [],
): Shown {
  return { ...response, output: response.output.map((item) => visibleItem(item, include)) };
}
