import { type InitOptions, initialize } from "../../src/adoption/init.js";
import { parseSettings } from "../../src/config.js";
import { decideTags } from "../../src/tags/policy.js";
import { readRef } from "../../src/tags/ref.js";
import { requestTags } from "../../src/tags/request.js";
import { fillTemplate } from "../../src/tags/template.js";
import { valuesOf } from "../../src/tags/values.js";

const revision = "1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d";
const tools = '[tools]\ngolangci-lint = "2.7.2"\ngoreleaser = "2.13.3"\n';

/** The configuration of git of a repository at that address. */
export function gitConfig(url: string): string {
  return `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
}

/** A checkout of github.com/acme/app with these files beside its git configuration. */
export function checkout(files: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ".git/config": gitConfig("https://github.com/acme/app"),
    ".git/HEAD": "ref: refs/heads/main\n",
    ...files,
  };
}

/** What init writes into a repository of these files. */
export function initIn(
  files: Readonly<Record<string, string>>,
  options: Partial<InitOptions> = {},
): Map<string, string> {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  return initialize({ paths: new Set(contents.keys()), contents }, { env: [], tools, ...options });
}

/** What a release by settings publishes before anything is: each reference with its platforms. */
export function publishedBy(settings: string, ref: string): Record<string, string> {
  const published: Record<string, string> = {};
  for (const { settings: image, subject } of imagesOf(settings, ref))
    for (const { repository, latest } of image.repositories)
      for (const { tag, set, platform } of decideTags(requestTags(subject), latest, []))
        if (set)
          published[`${repository.registry}/${repository.path}:${tag}`] =
            platform ?? image.platforms.join(", ");
  return published;
}

/** The labels and build arguments of the first image, for a version. */
export function textsOf(settings: string, ref: string) {
  const [first] = imagesOf(settings, ref);
  const filled = (templates: object) =>
    Object.fromEntries(
      Object.entries(templates).map(([key, template]) => [
        key,
        first && fillTemplate(template, valuesOf(first.subject)),
      ]),
    );
  return { labels: filled(first?.settings.labels ?? {}), buildArgs: filled(first?.settings.buildArgs ?? {}) };
}

function imagesOf(text: string, ref: string) {
  const { release } = parseSettings(text);
  const trigger = readRef(ref, { ...release, preRelease: release.preReleases });
  return release.images.map((settings) => ({
    settings,
    subject: { settings, trigger, revision, created: Date.UTC(2026, 0, 10, 12) / 1000 },
  }));
}

/** The rows of a section of SLIPWAY.md. */
export function rowsOf(page: string | undefined, title: string): string[] {
  const [, section = ""] = new RegExp(`^## ${title}$([^]*?)(?=^## |(?![^]))`, "m").exec(page ?? "") ?? [];
  return section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| file"));
}
