import { z } from "zod";

/** Texts under any names, as labels and annotations are; null is the empty one, as Go reads it. */
export const namedStrings = named(
  z
    .string()
    .nullable()
    .transform((text) => text ?? ""),
);

const empty = z
  .looseObject({})
  .nullish()
  .transform(() => ({}));

/** Names alone, as the keys of an object: volumes. */
export const nameSet = named(empty);

// As Docker reads them (moby: api/types/network, ParsePort), which loads no image where it cannot.
const port = z
  .string()
  .refine(
    (text) => /^\d{0,5}(?:\/\w+)?$/.test(text) && Number.parseInt(`0${text}`, 10) <= 65535,
    "a port as in 80/tcp",
  );

/** Ports as names alone. */
export const portSet = named(empty, port);

/** An object with any names: z.record leaves one that is called `__proto__` out. */
function named<T>(value: z.ZodType<T>, name = z.string()) {
  const entries = z.map(name, value);
  return z.preprocess(
    (given) =>
      typeof given === "object" && given !== null && !Array.isArray(given)
        ? new Map(Object.entries(given))
        : given,
    entries.transform((read): Record<string, T> => Object.fromEntries(read)),
  );
}
