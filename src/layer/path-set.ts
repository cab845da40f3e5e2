import { namesOf } from "./file-tree.js";

interface Place {
  isIn: boolean;
  below: Map<string, Place>;
}

const emptyPlace = (): Place => ({ isIn: false, below: new Map() });

/** Absolute paths, asked for by those above another: one walk, however deep it is. */
export class PathSet {
  readonly #root: Place = emptyPlace();

  /** Returns how many places it took, those above the path included. */
  add(path: string): number {
    const { place, taken } = this.#reach(path);
    place.isIn = true;
    return taken;
  }

  /** The same of a path that is not in the set, and may be above others that are. */
  pass(path: string): number {
    return this.#reach(path).taken;
  }

  /** Whether anything below a path was added, or passed. */
  hasBelow(path: string): boolean {
    return (this.#at(path)?.below.size ?? 0) > 0;
  }

  #reach(path: string): { place: Place; taken: number } {
    let place = this.#root;
    let taken = 0;
    for (const name of namesOf(path)) {
      let next = place.below.get(name);
      if (next === undefined) {
        next = emptyPlace();
        place.below.set(name, next);
        taken += 1;
      }
      place = next;
    }
    return { place, taken };
  }

  #at(path: string): Place | undefined {
    let place: Place | undefined = this.#root;
    for (const name of namesOf(path)) place = place?.below.get(name);
    return place;
  }

  delete(path: string): void {
    const place = this.#at(path);
    if (place !== undefined) place.isIn = false;
  }

  /** The highest of a path and those above it that is in the set. */
  firstOn(path: string): string | undefined {
    const names = namesOf(path);
    let place: Place | undefined = this.#root;
    for (const [at, name] of names.entries()) {
      place = place?.below.get(name);
      if (place === undefined) return undefined;
      if (place.isIn) return `/${names.slice(0, at + 1).join("/")}`;
    }
    return undefined;
  }
}
