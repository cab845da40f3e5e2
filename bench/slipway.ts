/**
 * One release by Slipway, as a process of its own: `tsx slipway.ts <directory of binaries> <repository> <tag>
 * [<key that signs>]`. It says as JSON what the call took once the program is loaded, which is what a module on a warm engine does.
 */
import { readFileSync } from "node:fs";
import type { ImageDocuments } from "../src/attest/image.js";
import { createSigner } from "../src/attest/signature/signer.js";
import { parseSettings } from "../src/config.js";
import { Phases } from "../src/phases.js";
import { assembleRelease } from "../src/release/assemble.js";
import { release } from "../src/release/release.js";
import { stageRelease } from "../src/release/stage.js";
import { readRef } from "../src/tags/ref.js";
import { requestTags } from "../src/tags/request.js";
import { directFetch, makeClient } from "../test/support/client.js";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.js";
import type { CallFigures } from "./figures.js";

const [binaries = "", repository = "", version = "", key] = process.argv.slice(2);

const now = () => performance.now();
const [began, used] = [now(), process.cpuUsage()];
const settings = parseSettings(
  JSON.stringify({ release: { repositories: [{ repository, latest: "highest" }] } }),
);
const [image] = settings.release.images;
if (image === undefined) throw new Error("The release has no image.");
const trigger = readRef(`refs/tags/v${version}`, { ...settings.release, preRelease: false });
const description = { settings: image, trigger, revision: undefined };
const targets = image.repositories.map(({ repository: to, latest }) => ({ repository: to, latest }));
const client = makeClient({ push: targets.map(({ repository: to }) => to) });
const workspace = makeTemporaryDirectory();
const text = 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n';
const staged = await stageRelease({
  ...description,
  binaries,
  dockerfile: { path: "Dockerfile", text, from: "source" },
  loadSource: async () => workspace.path,
  workspace: workspace.path,
});
const built = await assembleRelease(staged, { client, sourceDateEpoch: 0 });
await release({
  client,
  phases: new Phases(now),
  images: [
    {
      ...built,
      name: undefined,
      tags: requestTags(description),
      targets,
      documents: key === undefined ? undefined : await signedDocuments(key),
    },
  ],
  firstPublish: false,
  skipPush: false,
});
const { user, system } = process.cpuUsage(used);
const figures: CallFigures = {
  milliseconds: now() - began,
  cpu: (user + system) / 1000,
  peak: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(figures));
await workspace.remove();

async function signedDocuments(file: string): Promise<ImageDocuments> {
  const means = { kind: "key", pem: readFileSync(file, "utf8") } as const;
  const signer = await createSigner(means, {}, { fetch: directFetch }, Date.now);
  return {
    name: repository,
    sbom: ["spdx"],
    provenance: async () => ({ parameters: {}, materials: await built.materials(), startedOn: Date.now() }),
    signer: async () => signer,
  };
}
