/**
 * How zod parses what a process looks at once or a few times: as it is. By itself it first generates and compiles a
 * function for each shape, which pays off only after hundreds of values, and took a quarter of what opening costs.
 */
export const parsedOnce = { jitless: true } as const;
