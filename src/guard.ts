import { messageOf, SlipwayError } from "./errors.js";
import { redact, redactAll, redactBeginning } from "./secrets.js";
import { asLines } from "./text.js";

// Characters: a report that failed has a hundredth of it.
const longestMessage = 1 << 18;

type Method = (this: unknown, ...given: unknown[]) => unknown;

/**
 * Class decorator: whatever a method throws reaches its caller without secrets, and as text that neither a terminal
 * nor a pipeline obeys. That holds for errors of Node, libraries and the engine as well.
 */
export function guarded(exposed: abstract new (...given: never[]) => object): void {
  const { prototype } = exposed;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const method: unknown = descriptor.value;
    if (name === "constructor" || typeof method !== "function") continue;
    Object.defineProperty(prototype, name, { ...descriptor, value: guard(method as Method) });
  }
}

function guard(method: Method): Method {
  return function (...given) {
    try {
      const result = method.apply(this, given);
      return result instanceof Promise ? result.catch(raise) : result;
    } catch (error) {
      return raise(error);
    }
  };
}

/** The error itself, since the SDK gives the engine more of its own errors than the message: what a command printed. */
function raise(error: unknown): never {
  if (!(error instanceof Error)) throw new SlipwayError(redact(messageOf(error)));
  error.message = redactBeginning(asLines(error.message), longestMessage);
  if ("extensions" in error) error.extensions = redactAll(error.extensions);
  throw error;
}
