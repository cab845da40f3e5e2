/** An element of XML, and what is in it. */
export interface Element {
  name: string;
  attributes?: Readonly<Record<string, string | number>>;
  children?: readonly (Element | string)[];
}

/** A document of XML 1.0. What no such document may hold is left out. */
export function renderXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(root)}\n`;
}

function render({ name, attributes = {}, children = [] }: Element): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${asText(String(value))}"`);
  const inside = children.map((child) => (typeof child === "string" ? asText(child) : render(child)));
  return `<${name}${given.join("")}>${inside.join("")}</${name}>`;
}

const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

// XML 1.0, section 2.2: all other characters.
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function asText(text: string): string {
  return text.replace(forbidden, "").replace(/[&<>"\t\n\r]/g, (found) => references[found] ?? found);
}
