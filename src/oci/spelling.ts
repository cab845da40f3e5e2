import { z } from "zod";

/**
 * A name in JSON that another program may take for one of a form, though this one does not: Go matches the names of
 * fields whatever their case (encoding/json, "Unmarshal"). Undefined where every name is the form's own or no name of
 * it. Maps have any names.
 */
export function otherSpelling(form: z.core.$ZodType, value: unknown): string | undefined {
  for (const name of spellingsIn(form, value)) return name;
  return undefined;
}

function* spellingsIn(form: z.core.$ZodType, value: unknown): Generator<string> {
  const shape = withinOptions(form);
  if (shape instanceof z.ZodArray && Array.isArray(value))
    for (const entry of value) yield* spellingsIn(shape.element, entry);
  if (!(shape instanceof z.ZodObject) || !isObject(value)) return;
  const fields: Record<string, z.core.$ZodType> = shape.shape;
  const folded = new Set(Object.keys(fields).map(fold));
  for (const name of Object.keys(value))
    if (!Object.hasOwn(fields, name) && folded.has(fold(name))) yield name;
  for (const [name, field] of Object.entries(fields)) yield* spellingsIn(field, value[name]);
}

/** What is read of a value that may be absent, null or changed afterwards. */
function withinOptions(form: z.core.$ZodType): z.core.$ZodType {
  if (form instanceof z.ZodOptional || form instanceof z.ZodNullable || form instanceof z.ZodDefault)
    return withinOptions(form.unwrap());
  return form instanceof z.ZodPipe ? withinOptions(form.in) : form;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Beside the letters of ASCII two others fold to them: the Kelvin sign and the long s.
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}
