import { z } from "zod";

/** A page as the OpenAI lists are: `data` is never null, and the ids at its ends are null when it is empty. */
export interface ListBody<Element> {
  readonly object: "list";
  readonly data: readonly Element[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

/** The schema of a {@link ListBody}. */
export function listBodySchema<Element extends z.ZodType>(
  element: Element,
): z.ZodObject<{
  object: z.ZodLiteral<"list">;
  data: z.ZodArray<Element>;
  first_id: z.ZodNullable<z.ZodString>;
  last_id: z.ZodNullable<z.ZodString>;
  has_more: z.ZodBoolean;
}> {
  return z.object({
    object: z.literal("list"),
    data: z.array(element),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

export function listBody<Element extends { readonly id: string }>(
  data: readonly Element[],
  hasMore: boolean,
): ListBody<Element> {
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

export function itemList<Element extends { readonly id: string }>(page: {
  readonly items: readonly Element[];
  readonly hasMore: boolean;
}): ListBody<Element> {
  return listBody(page.items, page.hasMore);
}
