import { createHash } from "node:crypto";
import type { Source } from "../dockerfile/sources.js";
import { digestOfFile } from "../files.js";
import type { FileContent, FileNode } from "../layer/file-tree.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";

/** Everything that decides what the engine makes of one platform. */
export interface BuildInputs {
  /** Text of the Dockerfile. */
  dockerfile: string;
  platform: ImagePlatform;
  /** The stage that is the image; absent for the last one. */
  stage?: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
  /** References of all images that it starts from or copies from, each with the digest that it has now. */
  images: readonly string[];
  /** What it takes out of its build context. */
  copied: readonly Source[];
  labels: Readonly<Record<string, string>>;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  created: number;
}

/** How Slipway has the engine build: another number is another image of the same inputs. */
const method = 1;

/** SHA-256 over all inputs, 64 hex digits: the same inputs are the same release, whichever engine built it. */
export async function digestInputs(inputs: BuildInputs): Promise<string> {
  const { dockerfile, platform, stage, buildArgs, images, copied, labels, created } = inputs;
  const hash = createHash("sha256");
  const add = (value: unknown) => hash.update(`${JSON.stringify(value)}\n`);
  add({ method, dockerfile, platform: formatPlatform(platform), stage, created });
  add(Object.entries(buildArgs).toSorted());
  add(Object.entries(labels).toSorted());
  add(images.toSorted());
  const seen = new Map(copied.map((source) => [source.path, source]));
  for (const { path, node } of [...seen.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    for (const [name, entry] of entriesOf(path, node)) add([name, await describe(entry)]);
  return hash.digest("hex");
}

function* entriesOf(path: string, node: FileNode): Generator<[string, FileNode]> {
  yield [path, node];
  if (node.type !== "directory") return;
  for (const [name, child] of [...node.children].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    yield* entriesOf(`${path === "/" ? "" : path}/${name}`, child);
}

async function describe(node: FileNode): Promise<readonly (string | number)[]> {
  switch (node.type) {
    case "file":
      return [node.type, node.mode, await digestContent(node.content)];
    case "symlink":
      return [node.type, node.target];
    case "directory":
      return [node.type, node.mode];
    default:
      return [node.type];
  }
}

async function digestContent(content: FileContent): Promise<string> {
  if ("path" in content) return (await digestOfFile(content.path)).slice("sha256:".length);
  const held = "bytes" in content ? content.bytes : `${content.stored.layer.digest} ${content.stored.offset}`;
  return createHash("sha256").update(held).digest("hex");
}
