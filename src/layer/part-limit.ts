import type { ByteSource } from "../archive/bytes.js";
import { InputError } from "../errors.js";

/** Parts that each take time, however small they are: so many may be of any size, others have a least one on average. */
export interface PartLimit {
  name: string;
  any: number;
  least: number;
}

/** Counts parts of a stream: those that are too many for its bytes are an InputError. */
export function partCounter({ name, any, least }: PartLimit, bytes: ByteSource, subject: string): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count > any + bytes.offset / least)
      throw new InputError({
        subject,
        expected: `${name} of at least ${least} bytes on average`,
        given: `${count} in ${bytes.offset} bytes`,
      });
  };
}
