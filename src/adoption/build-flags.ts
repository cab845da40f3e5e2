import type { Remark } from "./note.js";
import { entryOf } from "./table.js";

const cache = "what was built before is found by its inputs, and caches are the engine's";
const local = "it has no effect on what is published";

/** Flags that change nothing of what is published. */
const notNeeded: Readonly<Record<string, string>> = {
  pull: "base images are resolved to their digest at each release",
  "no-cache": cache,
  "no-cache-filter": cache,
  "cache-from": cache,
  "cache-to": cache,
  builder: local,
  load: local,
  progress: local,
  push: local,
  quiet: local,
  rm: local,
  "force-rm": local,
  compress: local,
};

const attestation = "a release attaches its own: the settings attest say which";

/** Flags that have no equivalent, where there is more to say than that. */
const leftOut: Readonly<Record<string, string>> = {
  secret: "no build of Slipway's takes secrets: what needs one runs before, in a job of the pipeline",
  ssh: "no build of Slipway's takes keys: what needs one runs before, in a job of the pipeline",
  "build-context": "the build context is the source with the binaries laid over it",
  file: "the Dockerfile is the one of the entry",
};

const attestations = ["provenance", "sbom", "attest"];

/** Notes a flag of docker build that has no place in the settings. */
export function noteFlag(name: string, value: string | undefined, text: string, remark: Remark): void {
  const attests = attestations.includes(name);
  const needless = attests && value === "false" ? attestation : entryOf(notNeeded, name);
  if (needless !== undefined) remark("not-needed", text, needless);
  else
    remark("left-out", text, attests ? attestation : (entryOf(leftOut, name) ?? "Slipway has no such flag"));
}

/** The flag of docker build that an input of docker/build-push-action is. */
export function flagOfInput(input: string): string {
  const name = input.replace(
    /^(secret|build-context|add-host|attest|no-cache-filter|ulimit|annotation|label|output|tag)s$/,
    "$1",
  );
  return name.replace(/^secret-(files|envs)$/, "secret").replace(/^github-token$/, "builder");
}
