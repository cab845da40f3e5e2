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
    place.isIn = true;
    return taken;
  }

  delete(path: string): void {
    let place: Place | undefined = this.#root;
    for (const name of namesOf(path)) place = place?.below.get(name);
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
