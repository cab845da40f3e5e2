/** A JSON Schema, as far as fields are concerned. */
interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

/**
 * What to do about a name that is no field of the object at `path`, as a sentence without the full stop: the field
 * that it may be a slip of, else where a field has that name, else the names that the object has.
 */
export function correctName(schema: object, path: readonly PropertyKey[], name: string): string {
  const names = Object.keys(objectAt(schema, path)?.properties ?? {});
  const [nearest] = names
    .filter((known) => name.length < 2 * known.length)
    .map((known) => ({ known, distance: distanceOf(known.toLowerCase(), name.toLowerCase()) }))
    .filter(({ known, distance }) => distance <= Math.floor(Math.min(known.length, name.length) / 3))
    .toSorted((a, b) => a.distance - b.distance);
  if (nearest !== undefined) return `Check the spelling: it may be ${nearest.known}`;
  const elsewhere = placesOf(schema, name);
  if (elsewhere.length > 0)
    return `Check the place: ${elsewhere.join(" and ")} ${elsewhere.length === 1 ? "is a field" : "are fields"}`;
  return names.length === 0 ? "Check the spelling" : `Check the spelling: there are ${names.join(", ")}`;
}

/** The object that the settings have at a path. */
function objectAt(schema: Schema, path: readonly PropertyKey[]): Schema | undefined {
  const found = path.reduce<Schema | undefined>(
    (at, key) =>
      typeof key === "number" ? has(at, "items")?.items : has(at, "properties")?.properties?.[String(key)],
    schema,
  );
  return has(found, "properties");
}

/** The schema itself, or that of its alternatives which says this. */
function has(schema: Schema | undefined, keyword: "properties" | "items"): Schema | undefined {
  return [schema, ...(schema?.anyOf ?? [])].find((one) => one?.[keyword] !== undefined);
}

/** Paths of all fields of a name; those of single images have the same as the release. */
function placesOf(schema: Schema, name: string, path = ""): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => [
    ...(key === name && path !== "" ? [`${path}.${key}`] : []),
    ...placesOf(field, name, path === "" ? key : `${path}.${key}`),
  ]);
}

/** How many letters are changed, added or left out between two words (Levenshtein). */
function distanceOf(first: string, second: string): number {
  let row = Array.from({ length: second.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...first].entries()) {
    const next = [at + 1];
    for (const [to, other] of [...second].entries())
      next.push(
        Math.min((row[to] ?? 0) + (letter === other ? 0 : 1), (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
