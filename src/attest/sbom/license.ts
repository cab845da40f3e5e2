/** What a package says of its licence: an expression of SPDX, or a text that is none. */
export type License =
  | {
      expression: string;
      /** Licences in it that SPDX does not list: `LicenseRef-…`. */
      own: readonly string[];
    }
  | { text: string };

/** Reads what packages say of their licences. */
export type ReadLicense = (given: string) => License;

/** The reader of expressions (SPDX 2.3, Annex D), which knows the licences that SPDX lists. */
export async function licenseReader(): Promise<ReadLicense> {
  const { default: parse } = await import("spdx-expression-parse");
  return (given) => {
    const text = given.trim().replace(/\s+/g, " ");
    const expression = text.replace(/ (?:and|or|with) /gi, (word) => word.toUpperCase());
    try {
      parse(expression);
      // One of another document is nothing without it.
      if (expression.includes("DocumentRef-")) return { text };
      return { expression, own: expression.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? [] };
    } catch {
      return { text };
    }
  };
}
