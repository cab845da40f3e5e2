import { parseSettings } from "../../src/config.js";
import { releaseTargets } from "../../src/release/plan.js";
import type { ReleaseRequest } from "../../src/release/release.js";
import { helloSettings, writeHello } from "./hello.js";
import { openKey } from "./key.js";
import { slipway } from "./next.js";
import { perform } from "./performance.js";
import { openProject, type Project } from "./project.js";
import { requestRelease } from "./request.js";
import type { Screen } from "./screen.js";
import { openTheatre, type Theatre } from "./theatre.js";

const shownSettings = `  { "release": { "repositories": [
${helloSettings.release.repositories.map((each) => `    ${JSON.stringify(each)}`).join(",\n")}
  ] } }`;

const introduction = [
  paragraph(
    "Slipway carries binaries into container registries. Here it does so for a small project: dist/hello-linux-amd64",
    "and dist/hello-linux-arm64, programs of 1 MB with the list of modules that Go's linker writes, and this",
    "slipway.json:",
  ),
  shownSettings,
  paragraph(
    "Both registries are empty, and run in this process under these names. cosign.key and cosign.pub are a pair of",
    "keys that is made now, and forgotten at the end. Nothing leaves this machine. Each line with a $ is the call that",
    "does in a pipeline what is shown below it: here the same code runs, without Docker and Dagger. Digests, by which images are known, are cut.",
  ),
].join("\n\n");

const next = [
  "The same with a project of yours, as it lies there, with its binaries in dist/:",
  "  npm start -- ../my-project --ref refs/tags/v1.2.3",
  paragraph(
    "In your repository, with Docker and Dagger: settings and pipelines, which overwrite nothing, then a release into an",
    "empty registry of the engine. docs/start.md has 15 minutes for it.",
  ),
  `  ${slipway("init export --path .")}\n  ${slipway("rehearse")}`,
].join("\n\n");

/** Shows with a project of its own what becomes of a release. */
export async function demonstrate(screen: Screen): Promise<void> {
  screen.say(introduction);
  const { signing, publicKey } = await openKey(parseSettings(JSON.stringify(helloSettings)));
  const releaseHello =
    (ref: string, source: string, version?: string) =>
    async ({ settings }: Theatre): Promise<ReleaseRequest> =>
      requestRelease(await openHello(ref, source, version), { settings, targetsOf: releaseTargets, signing });
  const optionsOf = (ref: string) => `--binaries dist --ref ${ref}`;
  const [first, second, main] = ["refs/tags/v1.2.3", "refs/tags/v1.3.0", "refs/heads/main"] as const;
  await perform(
    {
      open: () => openTheatre(["registry.example", "mirror.example"]),
      global: "--source .",
      publicKey,
      first: { options: optionsOf(first), prepare: releaseHello(first, "v1.2.3", "1.2.3") },
      interrupted: {
        what: "while the next version is released",
        startsOver: false,
        options: optionsOf(second),
        prepare: releaseHello(second, "v1.3.0", "1.3.0"),
      },
      changed: {
        what: "other binaries under v1.2.3, which is out",
        options: optionsOf(first),
        prepare: releaseHello(first, "changed after v1.2.3", "1.2.3"),
      },
      moving: [
        {
          what: "two pushes to main",
          options: optionsOf(main),
          prepare: releaseHello(main, "a push to main"),
        },
        { options: optionsOf(main), prepare: releaseHello(main, "another push to main") },
      ],
    },
    screen,
  );
  screen.title("What to type next");
  screen.say(next);
}

/** Nobody has a commit of it: git is not asked. */
async function openHello(ref: string, source: string, version?: string): Promise<Project> {
  const path = projects.get(source) ?? writeHello(source, version);
  projects.set(source, path);
  return openProject(await path, { ref, revision: "" });
}

/** Directories of what was written, by its source. */
const projects = new Map<string, Promise<string>>();

/** One line, which the screen wraps. */
function paragraph(...lines: readonly string[]): string {
  return lines.join(" ");
}
