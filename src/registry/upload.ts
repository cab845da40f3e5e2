import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Descriptor } from "../oci/manifest.js";

/** How far the upload of an image into one repository is. */
export interface UploadProgress {
  repository: string;
  /** Bytes of blobs that were handed to the registry; those of a failed attempt go when the next one begins. */
  bytesSent: number;
  /** Bytes of all blobs but those that were found in the registry. */
  bytesTotal: number;
  /** Nothing more follows: all is there, or it failed. */
  ended: boolean;
}

/** Counts what is sent of the blobs of one image, while they are streamed. */
export class Upload {
  readonly #sent = new Map<string, number>();
  #bytesSent = 0;
  #bytesTotal: number;

  constructor(
    private readonly repository: string,
    blobs: readonly Descriptor[],
    private readonly onProgress: (progress: UploadProgress) => void,
  ) {
    this.#bytesTotal = blobs.reduce((sum, { size }) => sum + size, 0);
  }

  /** Opens a blob for one attempt to send it. */
  async open({ digest }: Descriptor, open: () => Promise<Readable>): Promise<Readable> {
    let bytes = 0;
    this.#count(digest, bytes);
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        this.#count(digest, bytes);
        done(null, chunk);
      },
    });
    // Whoever reads the counter gets the error from it; whoever closes it closes the source.
    pipeline(await open(), counter).catch(() => {});
    return counter;
  }

  /** A blob is there, whatever was sent of it. */
  complete({ digest, size }: Descriptor, isSent: boolean): void {
    if (!isSent) this.#bytesTotal -= size;
    this.#count(digest, isSent ? size : 0);
  }

  end(): void {
    this.#tell(true);
  }

  #count(digest: string, bytes: number): void {
    this.#bytesSent += bytes - (this.#sent.get(digest) ?? 0);
    this.#sent.set(digest, bytes);
    this.#tell(false);
  }

  #tell(ended: boolean): void {
    const { repository } = this;
    this.onProgress({ repository, bytesSent: this.#bytesSent, bytesTotal: this.#bytesTotal, ended });
  }
}
