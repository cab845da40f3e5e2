/** What a line of an input says, by name. */
export type Attributes = Readonly<Record<string, string>>;

/** Lines of an input that hold something. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The attributes of a line: commas separate them, but for those in quotes and in expressions. */
export function attributesOf(line: string): Attributes {
  const parts = line.match(/(?:\$?\{\{.*?\}\}|"[^"]*"|[^,])+/g) ?? [];
  const pairs = parts.map((part): [string, string] => {
    const at = part.indexOf("=");
    const [key, value] = at < 0 ? ["value", part] : [part.slice(0, at), part.slice(at + 1)];
    return [key.trim().replace(/^"/, ""), value.trim().replace(/^"|"$/g, "")];
  });
  return Object.fromEntries(pairs);
}
