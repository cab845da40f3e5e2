import { z } from "zod";
import { InputError } from "../../errors.js";
import { parseYaml } from "../../yaml-document.js";

/** A number of YAML is a text where GoReleaser reads one: `goarch: 386`. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const optional = text.nullish().transform((value) => value ?? undefined);
const texts = z
  .union([z.array(text), text.transform((one) => [one])])
  .nullish()
  .transform((value) => value ?? []);
const map = z
  .record(
    z.string(),
    text.nullish().transform((value) => value ?? ""),
  )
  .nullish()
  .transform((value) => value ?? {});
const list = <T extends z.ZodType>(entry: T) =>
  z
    .array(entry)
    .nullish()
    .transform((value) => value ?? []);

const docker = z.object({
  id: optional,
  ids: texts,
  goos: optional,
  goarch: optional,
  goarm: optional,
  goamd64: optional,
  dockerfile: optional,
  use: optional,
  image_templates: texts,
  build_flag_templates: texts,
  extra_files: texts,
  skip_push: optional,
  skip_build: optional,
});

const manifest = z.object({ name_template: optional, image_templates: texts, skip_push: optional });

const dockerV2 = z.object({
  id: optional,
  ids: texts,
  dockerfile: optional,
  images: texts,
  tags: texts,
  platforms: texts,
  labels: map,
  annotations: map,
  build_args: map,
  extra_files: texts,
  flags: texts,
  disable: optional,
  skip_push: optional,
});

const build = z.object({ id: optional, binary: optional, goos: texts, goarch: texts, goarm: texts });
const place = z.object({ owner: optional, name: optional }).nullish();

const config = z.object({
  version: optional,
  project_name: optional,
  env: texts,
  monorepo: z.object({ tag_prefix: optional, dir: optional }).nullish(),
  release: z.object({ github: place, gitlab: place }).nullish().catch(undefined),
  builds: list(build),
  dockers: list(docker),
  docker_manifests: list(manifest),
  dockers_v2: list(dockerV2),
  kos: list(
    z
      .object({ repository: optional, repositories: texts, tags: texts, platforms: texts })
      .catch({ repository: undefined, repositories: [], tags: [], platforms: [] }),
  ),
  includes: list(
    z
      .object({ from_file: z.object({ path: optional }), from_url: z.object({ url: optional }) })
      .partial()
      .catch({}),
  ),
  nightly: z.unknown().optional(),
  pro: z.boolean().optional().catch(undefined),
  docker_signs: list(z.unknown()),
});

/** What GoReleaser's configuration says of images, and what that depends on. */
export type GoreleaserConfig = z.output<typeof config> & {
  /** Fields of images that are not read, by where they stand. */
  unread: readonly { section: string; field: string }[];
};
export type DockerEntry = GoreleaserConfig["dockers"][number];
export type ManifestEntry = GoreleaserConfig["docker_manifests"][number];
export type DockerV2Entry = GoreleaserConfig["dockers_v2"][number];

/** Parses the configuration of GoReleaser; what is not about images is not looked at. */
export function parseGoreleaserConfig(yaml: string, file: string): GoreleaserConfig {
  const given = parseYaml(yaml, file);
  const parsed = config.safeParse(given);
  if (parsed.success) return { ...parsed.data, unread: unreadIn(given) };
  const [issue] = parsed.error.issues;
  throw new InputError({
    subject: `${file}: ${issue?.path.join(".") ?? ""}`,
    expected: "what GoReleaser takes there",
    given: issue?.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], given),
  });
}

/** Fields by which nothing changes that is published, or of which the notes say something anyway. */
const harmless = ["use", "use_buildx", "retry", "push_flags", "create_flags", "sbom", "id"];

const sections = { dockers: docker, docker_manifests: manifest, dockers_v2: dockerV2 } as const;

function unreadIn(given: Readonly<Record<string, unknown>>): GoreleaserConfig["unread"] {
  return Object.entries(sections).flatMap(([section, { shape }]) => {
    const entries = Array.isArray(given[section]) ? given[section] : [];
    const fields = new Set(entries.flatMap((entry: object | null) => Object.keys(entry ?? {})));
    return [...fields]
      .filter((field) => !Object.hasOwn(shape, field) && !harmless.includes(field))
      .map((field) => ({ section, field }));
  });
}
