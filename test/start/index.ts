/**
 * A release from the plan to the clean-up, on this machine alone: `npm start`. No Docker, no Dagger, no network.
 *
 * `npm start -- <directory>` shows the same with a project as it lies there, as `release` would take it: its
 * slipway.json, its Dockerfile, its binaries in dist/ or, where there is none, in the directory itself. Registries in
 * this process receive it; the second release has to write nothing. Ends with 3 where the Dockerfile takes the engine.
 *
 * --config         Settings in place of slipway.json, relative to the directory.
 * --ref            The git ref in full. Default: the tag of dist/metadata.json, else the main branch.
 * --revision       Commit of the source. Default: what git says.
 * --registry       HOST=ADDRESS, where a registry of base images is served without TLS: docker.io=127.0.0.1:5000
 */
import { parseArgs } from "node:util";
import { BuilderNeededError, InputError, messageOf } from "../../src/errors.js";
import { parseMirror } from "./connection.js";
import { demonstrate } from "./demonstration.js";
import { slipway } from "./next.js";
import { openProject } from "./project.js";
import { rehearseProject } from "./rehearsal.js";
import { makeScreen } from "./screen.js";

const engineNeeded = 3;

const screen = makeScreen();
try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      config: { type: "string" },
      ref: { type: "string" },
      revision: { type: "string" },
      registry: { type: "string", multiple: true, default: [] },
    },
  });
  const [directory] = positionals;
  if (directory === undefined && process.argv.length > 2)
    throw new InputError({
      subject: "npm start",
      expected: "a directory beside its options",
      given: directory,
    });
  if (directory === undefined) await demonstrate(screen);
  else await rehearseProject(await openProject(directory, values), values.registry.map(parseMirror), screen);
} catch (error) {
  screen.fail(messageOf(error));
  const needsEngine = error instanceof BuilderNeededError;
  if (needsEngine)
    screen.fail(`npm start has no engine. With Docker and Dagger, in the project: ${slipway("rehearse")}`);
  process.exitCode = needsEngine ? engineNeeded : 1;
}
