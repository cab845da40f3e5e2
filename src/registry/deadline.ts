import { answerTime, leastRate, unsentBytes, unsentRate } from "./bounds.js";

/**
 * When an answer has to have begun. What is sent before it takes as long as its source takes, and is read by the other
 * side at the rate at least that answers come by; interim answers are none.
 */
export class Deadline {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor() {
    this.#start(answerTime);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A body on its way: only while its next bytes are wanted, the other side is not waited for. */
  async *watch(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    let waited = 0;
    clearTimeout(this.#timer);
    for await (const chunk of body) {
      bytes += chunk.length;
      const since = performance.now();
      this.#start(Math.min(answerTime, answerTime + (bytes / leastRate) * 1000 - waited));
      yield chunk;
      clearTimeout(this.#timer);
      waited += performance.now() - since;
    }
    // The end of it may still be on this side.
    this.#start(answerTime + (Math.min(bytes, unsentBytes) / unsentRate) * 1000);
  }

  /** The answer has begun, or none will. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #start(milliseconds: number): void {
    // What is answered early may be sent to its end all the same.
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller.abort(new DOMException("", "TimeoutError")),
      milliseconds,
    );
  }
}
