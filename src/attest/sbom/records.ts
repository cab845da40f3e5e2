import { isShown } from "./package.js";

// Far more than a field of a database takes.
const longest = 1000;
// More than a distribution has packages.
const mostRecords = 100_000;

/**
 * The records of a database of packages, as apk and dpkg write it: fields of a line each, `name: value` or `N:value`, and
 * an empty line between records. Values are left out that are enormous or not shown, and records that no image has.
 */
export function* recordsIn(text: string): Generator<ReadonlyMap<string, string>> {
  let fields = new Map<string, string>();
  let isInRecord = false;
  let records = 0;
  for (const line of linesOf(text)) {
    if (line.trim() === "") {
      if (!isInRecord) continue;
      records += 1;
      if (records > mostRecords) return;
      yield fields;
      fields = new Map();
      isInRecord = false;
      continue;
    }
    isInRecord = true;
    const at = line.indexOf(":");
    if (at > 0 && at < 100) {
      const value = line.slice(at + 1).trim();
      if (value.length <= longest && isShown(value) && !fields.has(line.slice(0, at)))
        fields.set(line.slice(0, at), value);
    }
  }
  if (isInRecord) yield fields;
}

/** One by one: all of a hostile text take many times its memory. */
function* linesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    yield text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
  }
}
