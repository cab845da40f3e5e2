import { redact } from "./secrets.js";
import { asLines } from "./text.js";

/** Says something beside the result of a call, on standard error. */
export function log(text: string): void {
  console.error(redact(asLines(text)));
}
