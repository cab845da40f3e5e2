import { type Container, ReturnType } from "@dagger.io/dagger";
import { InputError } from "../errors.js";

/** What git says about the source of a release. */
export interface Checkout {
  /** The tags of the commit that is checked out. */
  tags: string[];
  /** The lines of `git status --porcelain`: none where the files are those of the commit. */
  changes: string[];
}

/** Reads the checkout in the working directory; throws an InputError where there is none. */
export async function readCheckout(container: Container): Promise<Checkout> {
  // git fails with 128, which the engine takes for a signal and not for an answer.
  const tags = container.withExec(["sh", "-c", "git tag --points-at HEAD || exit 1"], {
    expect: ReturnType.Any,
  });
  if ((await tags.exitCode()) !== 0) {
    throw new InputError({
      subject: "source of a release",
      expected: "a git repository with a commit",
      given: lines(await tags.stderr())[0],
      fix: "Pass the root of a clone: the .git of a worktree or submodule points outside of it",
    });
  }
  const status = container.withExec(["git", "status", "--porcelain"]);
  return { tags: lines(await tags.stdout()), changes: lines(await status.stdout()) };
}

/** The tag whose version a release carries: the one of the commit, or the wanted one of several. */
export function releaseTag({ tags, changes }: Checkout, wanted?: string): string {
  if (changes.length > 0) {
    throw new InputError({
      subject: "source of a release",
      expected: "the files of the commit, unchanged",
      given: changes.join(", "),
      fix: "Commit, ignore or remove what changed, or build a snapshot",
    });
  }
  const [tag, ...others] = wanted === undefined ? tags : tags.filter((name) => name === wanted);
  if (tag === undefined || others.length > 0) {
    throw new InputError({
      subject: "tag of a release",
      expected: wanted === undefined ? "one tag on the commit" : `the commit to carry ${wanted}`,
      given: tags.length === 0 ? undefined : tags.join(", "),
      fix: FIXES[tag === undefined ? "absent" : "ambiguous"],
    });
  }
  return tag;
}

const FIXES = {
  absent: "Check out the tagged commit with its tags, tag it, or build a snapshot",
  ambiguous: "Name the tag to release",
};

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
