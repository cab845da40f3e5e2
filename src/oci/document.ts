import { InputError, VerificationError } from "../errors.js";
import { type Descriptor, digestOf } from "./manifest.js";

/** Bytes of the largest manifest, index or configuration: registries take none above it, and other tools read none. */
export const maxDocument = 4 * 1024 * 1024;

/** Refuses a manifest, an index or a configuration that is too large to be held, before it is read. */
export function requireDocument(size: number, subject: string, fix?: string): void {
  if (size <= maxDocument) return;
  throw new InputError({
    subject,
    expected: `at most ${maxDocument} bytes`,
    given: size,
    ...(fix === undefined ? {} : { fix }),
  });
}

/** Holds bytes against the descriptor that named them. */
export function requireContent({ digest, size }: Descriptor, bytes: Buffer, subject: string): void {
  const found = digestOf(bytes);
  if (found === digest && bytes.length === size) return;
  throw new VerificationError(
    `${subject}: blob ${digest} of ${size} bytes is ${bytes.length} bytes of ${found}. Hand the archive over again, or build it again.`,
  );
}
