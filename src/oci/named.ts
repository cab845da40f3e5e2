import { z } from "zod";

/** Texts under any names, as labels and annotations are. */
export const namedStrings = named(z.string());

/** Names alone, as the keys of an object: volumes, and ports. */
export const nameSet = named(
  z
    .looseObject({})
    .nullish()
    .transform(() => ({})),
);

/** An object with any names: z.record leaves one that is called `__proto__` out. */
function named<T>(value: z.ZodType<T>) {
  const entries = z.map(z.string(), value);
  return z.preprocess(
    (given) =>
      typeof given === "object" && given !== null && !Array.isArray(given)
        ? new Map(Object.entries(given))
        : given,
    entries.transform((read): Record<string, T> => Object.fromEntries(read)),
  );
}
