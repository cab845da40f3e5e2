import type { ReleaseSettings } from "../config.js";
import { versionOf } from "../tags/ref.js";
import { fillTemplate, type Template } from "../tags/template.js";
import { type TemplateSubject, valuesOf } from "../tags/values.js";

/** What a release is, before anything of it is built. */
export interface ReleaseDescription extends TemplateSubject {
  settings: ReleaseSettings;
}

/** Annotation that says which of several images it is. */
export const imageAnnotation = "dev.slipway.release.image";

/** Annotations of the index, by the keys of the OCI image specification ("Pre-Defined Annotation Keys"). */
export function annotationsOf(description: ReleaseDescription): Record<string, string> {
  const { settings, trigger, revision } = description;
  const { others, ...own } = settings.annotations;
  const named = Object.entries(defined({ ...own, version: versionOf(trigger), revision }));
  return {
    ...Object.fromEntries(named.map(([key, value]) => [annotationKey(key), value])),
    ...filled(others, description),
    ...defined({ [imageAnnotation]: settings.name }),
  };
}

/** Labels that the settings give, whatever the Dockerfile says. */
export function labelsOf(description: ReleaseDescription): Record<string, string> {
  return filled(description.settings.labels, description);
}

/** `org.opencontainers.image.version` for `version`. */
export function annotationKey(name: string): string {
  return `org.opencontainers.image.${name}`;
}

/** What a Dockerfile is told of the release, as `--build-arg` gives it; `names` are those of the binaries. */
export function buildArgumentsOf(
  description: ReleaseDescription,
  names: readonly string[],
): Record<string, string> {
  const { settings, trigger, revision } = description;
  const own = defined({
    // With several binaries the Dockerfile has to say which one starts.
    NAME: names.length === 1 ? names[0] : undefined,
    VERSION: versionOf(trigger),
    REVISION: revision,
    SOURCE: settings.annotations.source,
  });
  return { ...own, ...filled(settings.buildArgs, description) };
}

/** Templates with the values of the call; what has none there is left out. */
function filled(
  templates: Readonly<Record<string, Template>>,
  description: ReleaseDescription,
): Record<string, string> {
  const values = valuesOf(description);
  return defined(
    Object.fromEntries(
      Object.entries(templates).map(([key, template]) => [key, fillTemplate(template, values)]),
    ),
  );
}

function defined(values: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
