import type { ReleaseSettings } from "../../src/config.js";
import type { Target } from "../../src/release/plan.js";
import { rehearsalTargets, rehearse } from "../../src/release/rehearsal.js";
import { release } from "../../src/release/release.js";
import type { Trigger } from "../../src/tags/ref.js";
import { type MemoryRegistry, startMemoryRegistry } from "../support/memory-registry.js";
import { connect, type Mirror } from "./connection.js";
import { slipway } from "./next.js";
import type { Project } from "./project.js";
import { requestRelease } from "./request.js";
import type { Screen } from "./screen.js";

/** Plans a project, and releases it twice into two registries of this process: the second time has to write nothing. */
export async function rehearseProject(
  project: Project,
  mirrors: readonly Mirror[],
  screen: Screen,
): Promise<void> {
  const registries = [await startMemoryRegistry(), await startMemoryRegistry()];
  const prepare = () => {
    for (const { writes } of registries) writes.length = 0;
    return requestRelease(project, {
      settings: connect(mirrors, project.settings.network.plainHttp),
      targetsOf: (image, trigger) => targetsOf(image, trigger, registries),
    });
  };
  try {
    screen.say((await release({ ...(await prepare()), skipPush: true })).markdown);
    screen.say((await rehearse(prepare)).markdown);
  } finally {
    for (const { stop } of registries) await stop();
  }
  const written = registries.flatMap(({ writes }) => writes);
  if (written.length > 0) throw new Error(`The second release wrote: ${written.join(", ")}`);
  screen.say(`Requests of the second release that write: ${written.length}`);
  const config = project.config === undefined ? "" : `--config ${project.config} `;
  screen.say(
    `Next, in the project, with Docker and Dagger. The plan reads the registries of the settings and changes nothing:\n  ${slipway(`${config}plan --ref ${project.ref}`)}`,
  );
}

/** The repositories of the settings, spread over the registries; without any, one in each. */
function targetsOf(
  image: ReleaseSettings,
  trigger: Trigger,
  registries: readonly MemoryRegistry[],
): Target[] {
  const { repositories } = image;
  if (repositories.length === 0)
    return registries.flatMap(({ address }) => rehearsalTargets(image, address, trigger));
  return repositories.flatMap((repository, at) => {
    const { address = "" } = registries[at % registries.length] ?? {};
    return rehearsalTargets({ ...image, repositories: [repository] }, address, trigger);
  });
}
