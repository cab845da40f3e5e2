import { readFile } from "node:fs/promises";
import type { Owner } from "../archive/tar.js";
import type { FileContent, FileTree } from "../layer/file-tree.js";
import { type Instruction, invalid } from "./instruction.js";

/**
 * The numbers of `user[:group]`, as --chown and USER have it. Names are those of /etc/passwd and /etc/group in
 * the image as it is by then; `root` is known everywhere. A number alone is the group as well, a name alone has
 * the group of its entry (Dockerfile reference, "COPY --chown"). A name that is not there is an error, where
 * BuildKit takes root.
 */
export async function resolveOwner(text: string, tree: FileTree, instruction: Instruction): Promise<Owner> {
  const [user = "", group] = text.split(/:(.*)/s);
  requireForm(text, [user, group ?? "root"], instruction);
  const uid = numberOf(user);
  const entry = uid === undefined ? await readEntry(tree, "/etc/passwd", user, instruction) : undefined;
  const own = { uid: uid ?? Number(entry?.[2]), gid: uid ?? Number(entry?.[3]) };
  if (group === undefined) return own;
  const gid = numberOf(group) ?? Number((await readEntry(tree, "/etc/group", group, instruction))[2]);
  return { uid: own.uid, gid };
}

const maxId = 2 ** 31 - 1;

function numberOf(name: string): number | undefined {
  if (name === "root") return 0;
  return /^\d+$/.test(name) ? Number(name) : undefined;
}

/** A number that is larger would be taken for a name by BuildKit, which no image has. */
function requireForm(text: string, parts: readonly string[], instruction: Instruction): void {
  const isNumber = (part: string) => /^[+-]?\d+$/.test(part);
  if (parts.includes(""))
    throw invalid(
      instruction,
      `an owner as user or user:group, not ${text}`,
      "Write both sides of the colon, as in 65532:65532",
    );
  if (parts.some((part) => isNumber(part) && !(/^\d+$/.test(part) && Number(part) <= maxId)))
    throw invalid(
      instruction,
      `numbers of users and groups from 0 to ${maxId}, not ${text}`,
      "Write the owner as in 65532:65532",
    );
}

/** What lies in a layer is too large to be a list of users. */
async function contentOf(content: FileContent): Promise<string> {
  if ("bytes" in content) return content.bytes.toString();
  return "path" in content ? readFile(content.path, "utf8") : "";
}

/** The fields of a line that starts with a name, in the format of passwd(5) and group(5). */
async function readEntry(
  tree: FileTree,
  path: string,
  name: string,
  instruction: Instruction,
): Promise<string[]> {
  const file = tree.get(tree.resolve(path) ?? path);
  const content = file?.type === "file" ? await contentOf(file.content) : "";
  const lines = content.split("\n").map((line) => line.split(":"));
  const entry = lines.find(([key, , id = ""]) => key === name && /^\d+$/.test(id));
  const isBeyond = entry?.slice(2, 4).some((id) => Number(id) > maxId);
  if (isBeyond)
    throw invalid(
      instruction,
      `${name} to have numbers up to ${maxId} in ${path} of the image`,
      "Write the owner as numbers, as in 65532:65532",
    );
  if (entry !== undefined) return entry;
  throw invalid(
    instruction,
    `${name} to be in ${path} of the image`,
    "Write the owner as numbers, as in 65532:65532",
  );
}
