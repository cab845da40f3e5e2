import type { ReleaseSettings } from "../config.js";
import { versionOf } from "../tags/ref.js";
import type { TemplateSubject } from "../tags/values.js";

/** What a release is, before anything of it is built. */
export interface ReleaseDescription extends TemplateSubject {
  settings: ReleaseSettings;
}

/** Annotations of the index, by the keys of the OCI image specification ("Pre-Defined Annotation Keys"). */
export function annotationsOf({ settings, trigger, revision }: ReleaseDescription): Record<string, string> {
  const values = { ...settings.annotations, version: versionOf(trigger), revision };
  return Object.fromEntries(
    Object.entries(defined(values)).map(([key, value]) => [annotationKey(key), value]),
  );
}

/** `org.opencontainers.image.version` for `version`. */
export function annotationKey(name: string): string {
  return `org.opencontainers.image.${name}`;
}

/** What a Dockerfile is told of the release, as `--build-arg` gives it; `names` are those of the binaries. */
export function buildArgumentsOf(
  { settings, trigger, revision }: ReleaseDescription,
  names: readonly string[],
): Record<string, string> {
  return defined({
    // With several binaries the Dockerfile has to say which one starts.
    NAME: names.length === 1 ? names[0] : undefined,
    VERSION: versionOf(trigger),
    REVISION: revision,
    SOURCE: settings.annotations.source,
  });
}

function defined(values: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
