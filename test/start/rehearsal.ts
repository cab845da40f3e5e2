import { relative } from "node:path";
import type { ReleaseSettings } from "../../src/config.js";
import type { Target } from "../../src/release/plan.js";
import { foresee, rehearsalTargets } from "../../src/release/rehearsal.js";
import { describeTrigger, readManualRef, readRef, type Trigger } from "../../src/tags/ref.js";
import { isStable } from "../../src/tags/version.js";
import type { Mirror } from "./connection.js";
import { openKey } from "./key.js";
import { slipway } from "./next.js";
import { perform } from "./performance.js";
import type { Project } from "./project.js";
import { type Options, requestRelease } from "./request.js";
import type { Screen } from "./screen.js";
import { openTheatre, type Theatre } from "./theatre.js";

const hosts = ["one.localhost", "two.localhost"] as const;

/** Shows with a project as it lies there what becomes of a release of it. */
export async function rehearseProject(
  project: Project,
  mirrors: readonly Mirror[],
  screen: Screen,
): Promise<void> {
  const { settings, config, ref, as } = project;
  const { publicKey, signing } = await openKey(settings);
  const prepare =
    (options?: Options) =>
    ({ settings }: Theatre) =>
      requestRelease(project, { settings, targetsOf, signing }, options);
  const refOptions = [`--ref ${ref}`, ...preReleaseOption(project)];
  const options = [...binariesOption(project), ...refOptions, ...revisionOption(project)].join(" ");
  const byHand = as === undefined ? {} : { as };
  const first = {
    options: as === undefined ? options : `${options} --as ${as}`,
    prepare: prepare(byHand),
  };
  screen.say([introductionOf(project), ...project.remarks].join("\n\n"));
  if (as !== undefined) screen.say(foresee(settings));
  await perform(
    {
      open: () => openTheatre(hosts, mirrors, settings.network.plainHttp),
      global: config === undefined ? "--source ." : `--source . --config ${config}`,
      publicKey: settings.attest.signature === "never" ? undefined : publicKey,
      first,
      interrupted: {
        ...first,
        what: "during the same release, into registries that are empty again",
        startsOver: true,
      },
      changed: {
        what: "another image under a tag that is out, here with another --source-date-epoch",
        options: `${first.options} --source-date-epoch 1`,
        prepare: prepare({ ...byHand, sourceDateEpoch: 1 }),
      },
      moving: [
        {
          what: "two releases by hand under one tag",
          options: `${options} --as try --source-date-epoch 2`,
          prepare: prepare({ as: "try", sourceDateEpoch: 2 }),
        },
        {
          options: `${options} --as try --source-date-epoch 3`,
          prepare: prepare({ as: "try", sourceDateEpoch: 3 }),
        },
      ],
    },
    screen,
  );
  screen.title("What to type next");
  const plan = slipway(`${config === undefined ? "" : `--config ${config} `}plan ${refOptions.join(" ")}`);
  screen.say(
    `In the project, with Docker and Dagger; the plan reads the registries of the settings and changes nothing:\n\n  ${plan}`,
  );
}

function introductionOf({ directory, settings: { release }, ref, as }: Project): string {
  const rules = { ...release, preRelease: true };
  const trigger = describeTrigger(as === undefined ? readRef(ref, rules) : readManualRef(ref, as, rules));
  const name = release.images.flatMap(({ repositories }) => repositories).at(0)?.repository;
  const example =
    name === undefined
      ? ""
      : `: ${hosts[0]}/${name.registry}/${name.path} is what ${name.registry}/${name.path} will be`;
  return `The project in ${directory}, released for ${trigger} into two empty registries of this process${example}. cosign.key and cosign.pub are a pair of keys that is made now, and forgotten at the end. Nothing is sent from this machine, and nothing in the project is changed. Each line with a $ is the call that does in a pipeline what is shown below it. Digests, by which images are known, are cut.`;
}

function binariesOption({ binaries, directory }: Project): string[] {
  return binaries === undefined ? [] : ["--binaries", relative(directory, binaries) || "."];
}

/** A pre-release is published where that is asked for. */
function preReleaseOption({ settings: { release }, ref }: Project): string[] {
  const trigger = readRef(ref, { ...release, preRelease: true });
  const isAsked = trigger.kind === "version" && !isStable(trigger.version) && !release.preReleases;
  return isAsked ? ["--pre-release"] : [];
}

/** What git says in the project, as one would type it. */
function revisionOption({ revision }: Project): string[] {
  return revision === undefined ? [] : ['--revision "$(git rev-parse HEAD)"'];
}

/** The repositories of the settings, spread over the registries; without any, one in each. */
function targetsOf(image: ReleaseSettings, trigger: Trigger): Target[] {
  const { repositories } = image;
  if (repositories.length === 0) return hosts.flatMap((host) => rehearsalTargets(image, host, trigger));
  return repositories.flatMap((repository, at) => {
    const host = hosts[at % hosts.length] ?? hosts[0];
    return rehearsalTargets({ ...image, repositories: [repository] }, host, trigger);
  });
}
