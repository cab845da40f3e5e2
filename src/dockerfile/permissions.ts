import type { FileNode } from "../layer/file-tree.js";
import { type CopyRoot, findSources, type Source } from "./sources.js";
import type { Survey } from "./survey.js";

const shown = 5;

/** Says which permissions of what is copied are left behind, as one sentence; undefined where that is none. */
export function permissionRemark({ copies }: Survey, context: CopyRoot): string | undefined {
  const lost = new Map<string, string>();
  // --chmod says what they are.
  for (const { copy, instruction } of copies)
    if (copy.mode === undefined)
      for (const source of findSources(copy, context, instruction)) addLost(lost, source);
  if (lost.size === 0) return undefined;
  const named = [...lost.values()].slice(0, shown).join(", ");
  const more = lost.size > shown ? ` and ${lost.size - shown} more` : "";
  return `Of the permissions in the build context only whether a file can be executed is kept: ${named}${more}. Set others by COPY --chmod.`;
}

function addLost(lost: Map<string, string>, { path, node }: Source): void {
  if (node.type !== "file" && node.type !== "directory") return;
  const { lostMode } = node;
  if (lostMode !== undefined)
    lost.set(path, `${path.slice(1) || "/"} has ${octal(lostMode)} and gets ${octal(node.mode)}`);
  if (node.type === "directory") for (const child of childrenOf(path, node)) addLost(lost, child);
}

function childrenOf(path: string, { children }: FileNode & { type: "directory" }): Source[] {
  return [...children].map(([name, node]) => ({ path: `${path === "/" ? "" : path}/${name}`, node }));
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
