const marksInHtml: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "/": "&sol;",
  "+": "&plus;",
  "=": "&equals;",
};

/** Ways in which a secret is written in an answer, by name. */
export const encodings: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "in JSON": inJson,
  "in JSON in JSON": (secret) => inJson(inJson(secret)),
  "in JSON that escapes HTML as well": (secret) =>
    inJson(secret).replace(/[<>&]/g, (char) => `\\u00${hex(char)}`),
  "in JSON, every character escaped": (secret) => units(secret, (unit) => `\\u${unit.padStart(4, "0")}`),
  "in JavaScript, in capitals": (secret) =>
    units(secret, (unit) => `\\u{${unit.toUpperCase().padStart(4, "0")}}`),
  "in a URL": encodeURIComponent,
  "in a URL, in small letters": (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  "in a URL, every byte escaped": (secret) => hex(secret).replace(/../g, "%$&"),
  "in a URL in a URL": (secret) => encodeURIComponent(encodeURIComponent(secret)),
  "in a form": (secret) => new URLSearchParams({ a: secret }).toString().slice("a=".length),
  "in HTML": (secret) =>
    secret.replace(
      /[&<>"']/g,
      (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char] ?? "&#39;",
    ),
  "in HTML, by numbers": (secret) => [...secret].map((char) => `&#${char.codePointAt(0)};`).join(""),
  "in HTML, by hexadecimal numbers": (secret) =>
    [...secret].map((char) => `&#x${char.codePointAt(0)?.toString(16)};`).join(""),
  "in HTML, by numbers with zeros": (secret) =>
    [...secret].map((char) => `&#x${(char.codePointAt(0) ?? 0).toString(16).padStart(8, "0")};`).join(""),
  "in HTML, by names of marks": (secret) =>
    secret.replace(/[&<>"'/+=]/g, (char) => marksInHtml[char] ?? char),
  "in hexadecimal": hex,
  "in hexadecimal, in capitals": (secret) => hex(secret).toUpperCase(),
  "in hexadecimal, with colons": (secret) => bytes(secret, 16).join(":"),
  "in hexadecimal, with blanks": (secret) => bytes(secret, 16).join(" "),
  "in hexadecimal, as bytes of Go": (secret) =>
    bytes(secret, 16)
      .map((byte) => `0x${byte}`)
      .join(", "),
  "as bytes of three digits": (secret) =>
    bytes(secret, 10)
      .map((byte) => byte.padStart(3, "0"))
      .join(" "),
  "as an array of bytes": (secret) => `[${bytes(secret, 10).join(",")}]`,
  "as an array of bytes, with blanks": (secret) => `[${bytes(secret, 10).join(", ")}]`,
  "over lines": (secret) => lines(secret).join("\n"),
  "over lines, indented": (secret) => lines(secret).join("\r\n    "),
  "with blanks": (secret) => lines(secret).join(" "),
  "in hexadecimal of base64": (secret) => hex(Buffer.from(secret).toString("base64")),
  "in hexadecimal of hexadecimal in capitals": (secret) => hex(hex(secret).toUpperCase()),
  "in base64 of hexadecimal in capitals": (secret) =>
    Buffer.from(hex(secret).toUpperCase()).toString("base64"),
  "in hexadecimal of hexadecimal": (secret) => hex(hex(secret)),
  "in base64 of hexadecimal": (secret) => Buffer.from(hex(secret)).toString("base64"),
  "in base64": (secret) => Buffer.from(secret).toString("base64"),
  "in base64 for URLs": (secret) => Buffer.from(secret).toString("base64url"),
  "in base64, behind one byte": (secret) => Buffer.from(`:${secret}`).toString("base64"),
  "in base64, behind two bytes": (secret) => Buffer.from(`a:${secret}`).toString("base64"),
  "in base64, over lines": (secret) => lines(Buffer.from(secret).toString("base64")).join("\n"),
  "in base64, over lines of JSON": (secret) => lines(Buffer.from(secret).toString("base64")).join("\\r\\n"),
  "in base64 of base64": (secret) => twice(secret, ""),
  "in base64 of base64, behind other bytes": (secret) => twice(secret, "a:"),
  "in base64 in a URL": (secret) => encodeURIComponent(Buffer.from(secret).toString("base64")),
  "in capitals": (secret) => secret.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
};

/**
 * Pieces of a secret that a text shows, in whatever of these encodings: eight characters in a row are a piece. Marks
 * that an encoding around it adds do not count.
 */
export function piecesOf(secret: string, text: string): string[] {
  const shown = bare(text);
  return Object.entries(encodings).flatMap(([name, encode]) => {
    const written = bare(encode(secret));
    const pieces = Array.from({ length: Math.max(written.length - 7, 0) }, (_, at) =>
      written.slice(at, at + 8),
    );
    return pieces.filter((piece) => shown.includes(piece)).map((piece) => `${name}: ${piece}`);
  });
}

function bare(text: string): string {
  return text.replace(/[\\\s]/g, "");
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

function bytes(text: string, radix: 10 | 16): string[] {
  const digits = radix === 16 ? 2 : 1;
  return [...Buffer.from(text)].map((byte) => byte.toString(radix).padStart(digits, "0"));
}

/** Short ones, so that every secret has several. */
function lines(text: string): string[] {
  return text.match(/.{1,6}/gsu) ?? [];
}

function twice(secret: string, before: string): string {
  return Buffer.from(before + Buffer.from(secret).toString("base64")).toString("base64");
}

function units(text: string, write: (unit: string) => string): string {
  return Array.from({ length: text.length }, (_, at) => write(text.charCodeAt(at).toString(16))).join("");
}
