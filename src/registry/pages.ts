import { RegistryError } from "../errors.js";
import { mostEntries, mostPages } from "./bounds.js";

/** The pages of one list: one that leads back, or has no end, is no list. */
export class Pages {
  readonly #asked = new Set<string>();
  #entries = 0;

  /** `subject` is what messages begin with. */
  constructor(private readonly subject: string) {}

  /** Before a page is asked for. */
  ask(url: string): void {
    if (this.#asked.has(url)) this.#refuse("leads back to a page that was read");
    if (this.#asked.size >= mostPages) this.#refuse(`has more than ${mostPages} pages`);
    this.#asked.add(url);
  }

  /** What a page holds. */
  count(entries: number): void {
    this.#entries += entries;
    if (this.#entries > mostEntries) this.#refuse(`has more than ${mostEntries} entries`);
  }

  #refuse(what: string): never {
    throw new RegistryError(`${this.subject}: the list ${what}, so it is not read to its end.`, {
      failure: "invalid",
    });
  }
}
