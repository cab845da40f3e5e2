/**
 * A release from the plan to the clean-up, on this machine alone: `npm start`. No Docker, no Dagger, no network.
 *
 * `npm start -- <directory>` shows the same with a project as it lies there, as `release` would take it: its
 * slipway.json, its Dockerfile, its binaries in dist/ or, where there is none, in the directory itself. Registries in
 * this process receive it; the second release has to write nothing. Ends with 3 where the Dockerfile takes the engine.
 */
import { parseArgs } from "node:util";
import { BuilderNeededError, InputError, messageOf, SlipwayError } from "../../src/errors.js";
import { parseMirror } from "./connection.js";
import { demonstrate } from "./demonstration.js";
import { slipway } from "./next.js";
import { openProject } from "./project.js";
import { rehearseProject } from "./rehearsal.js";
import { makeScreen } from "./screen.js";

const engineNeeded = 3;

const usage = `npm start                            a release of a small project, on this machine alone
npm start -- <directory> [options]   the same with a project of yours, as it lies there

--ref       The git ref in full, as in refs/tags/v1.2.3. Default: the tag of dist/metadata.json, else the main branch.
--binaries  Directory of the binaries, relative to the project. Default: dist, else the project itself.
--config    Settings in place of slipway.json, relative to the project.
--revision  Commit of the source. Default: what git says.
--registry  HOST=ADDRESS, where a registry of base images is served without TLS: docker.io=127.0.0.1:5000`;

const screen = makeScreen();
try {
  const { values, positionals } = readArguments();
  const [directory, ...others] = positionals;
  if (others.length > 0 || (directory === undefined && process.argv.length > 2 && !values.help))
    throw new InputError({
      subject: "npm start",
      expected: "one directory beside its options",
      given: directory === undefined ? undefined : positionals.join(" "),
      fix: "npm start -- --help says which there are",
    });
  if (values.help) process.stdout.write(`${usage}\n`);
  else if (directory === undefined) await demonstrate(screen);
  else await rehearseProject(await openProject(directory, values), values.registry.map(parseMirror), screen);
} catch (error) {
  screen.fail(messageOf(error));
  const needsEngine = error instanceof BuilderNeededError;
  if (needsEngine)
    screen.fail(`npm start has no engine. With Docker and Dagger, in the project: ${slipway("rehearse")}`);
  process.exitCode = needsEngine ? engineNeeded : 1;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        binaries: { type: "string" },
        config: { type: "string" },
        ref: { type: "string" },
        revision: { type: "string" },
        registry: { type: "string", multiple: true, default: [] },
      },
    });
  } catch (error) {
    const [said] = messageOf(error).split(/\. |\n/);
    throw new SlipwayError([`npm start: ${said}.`, "", ...usage.split("\n")]);
  }
}
