import { createReadStream } from "node:fs";
import { z } from "zod";
import { ConflictError, InputError } from "../errors.js";
import { listAll } from "../registry/api-list.js";
import { type ApiSettings, callApi, parseAnswer } from "../registry/service-api.js";
import {
  type FileOutcome,
  type Forge,
  type ForgeRelease,
  missingFiles,
  outcomesOf,
  type ReleaseFile,
  type StoredFile,
} from "./release.js";

/** A project of GitLab, as its API is asked for it. */
export interface GitLabProject {
  api: ApiSettings;
  /** Base URL of the API: `https://gitlab.com/api/v4` */
  url: string;
  /** `group/sub/app` */
  path: string;
}

const packages = z.array(z.object({ id: z.int(), name: z.string(), version: z.string() }));
const packageFiles = z.array(
  z.object({ id: z.int(), file_name: z.string(), size: z.int(), file_sha256: z.string().nullish() }),
);
const named = z.object({ commit: z.object({ id: z.string() }) });
const links = z.array(z.object({ name: z.string(), url: z.string() }));

/**
 * Releases of GitLab ("Releases API", "Release links API", "Generic packages repository"): the files are those of a generic
 * package, and the release, which links to them, is made once all are there.
 */
export class GitLabReleases implements Forge {
  constructor(private readonly project: GitLabProject) {}

  async publish(wanted: ForgeRelease): Promise<FileOutcome[]> {
    const { subject } = this.project.api;
    await this.#requireTag(wanted);
    const missing = missingFiles(subject, wanted, await this.#stored(wanted.tag));
    for (const file of missing) await this.#upload(wanted.tag, file);
    // What another run has uploaded since under the same name would be what is downloaded.
    if (missing.length > 0) missingFiles(subject, wanted, await this.#stored(wanted.tag));
    // Another run may have made it since.
    if ((await this.#isThere(wanted.tag)) || !(await this.#create(wanted))) await this.#link(wanted);
    return outcomesOf(wanted, missing);
  }

  /** Names of the files that the release of a tag links to; none where there is no such release. */
  async filesOf(tag: string): Promise<string[]> {
    return (await this.#isThere(tag)) ? (await this.#links(tag)).map(({ name }) => name) : [];
  }

  async #isThere(tag: string): Promise<boolean> {
    const { status } = await callApi(this.project.api, {
      method: "GET",
      url: this.#url(`/releases/${encodeURIComponent(tag)}`),
      name: `release ${tag}`,
      accept: [200, 404],
    });
    return status === 200;
  }

  /** A tag of another commit has other files. The token of a job may not see tags: then GitLab alone knows. */
  async #requireTag({ tag, commit }: ForgeRelease): Promise<void> {
    const { api } = this.project;
    const name = `tag ${tag}`;
    const url = this.#url(`/repository/tags/${encodeURIComponent(tag)}`);
    const answer = await callApi(api, { method: "GET", url, name, accept: [200, 401, 403, 404] });
    if (answer.status !== 200) return;
    const found = parseAnswer(named, answer, `${api.subject}: ${name}`).commit.id;
    if (found !== commit)
      throw new InputError({
        subject: `${api.subject}: ${name}`,
        expected: commit,
        given: found,
        fix: "Check out the commit that it names there",
      });
  }

  /** The files of the package of a tag, each as it is downloaded: the last one of its name. */
  async #stored(tag: string): Promise<StoredFile[]> {
    const { api } = this.project;
    const wanted = this.#packageOf(tag);
    const query = new URLSearchParams({
      package_type: "generic",
      package_name: wanted.name,
      package_version: wanted.version,
      per_page: "100",
    });
    const found = await listAll(api, this.#url(`/packages?${query}`), "packages", packages);
    const own = found.find(({ name, version }) => name === wanted.name && version === wanted.version);
    if (own === undefined) return [];
    const files = await listAll(
      api,
      this.#url(`/packages/${own.id}/package_files?per_page=100`),
      `files of ${tag}`,
      packageFiles,
    );
    const last = new Map(
      files.toSorted((a, b) => a.id - b.id).map((file) => [file.file_name, file] as const),
    );
    return [...last.values()].map(({ file_name: name, size, file_sha256: sum }) => ({
      name,
      size,
      digest: sum ? `sha256:${sum}` : undefined,
    }));
  }

  async #upload(tag: string, { name, path, size }: ReleaseFile): Promise<void> {
    await callApi(this.project.api, {
      method: "PUT",
      url: this.#fileUrl(tag, name),
      name,
      accept: [200, 201],
      file: { size, open: () => createReadStream(path) },
    });
  }

  /** Whether it was made: 409 is one that is there. */
  async #create({ tag, notes, files }: ForgeRelease): Promise<boolean> {
    const answer = await callApi(this.project.api, {
      method: "POST",
      url: this.#url("/releases"),
      name: `release ${tag}`,
      accept: [201, 409],
      body: {
        tag_name: tag,
        name: tag,
        description: notes,
        assets: { links: files.map((file) => this.#linkTo(tag, file)) },
      },
    });
    return answer.status === 201;
  }

  /** Adds the links that a release lacks; one that leads elsewhere is somebody else's. */
  async #link({ tag, files }: ForgeRelease): Promise<void> {
    const { api } = this.project;
    const url = this.#linksUrl(tag);
    const present = new Map((await this.#links(tag)).map((link) => [link.name, link.url]));
    const wanted = files.map((file) => this.#linkTo(tag, file));
    const others = wanted.filter((link) => (present.get(link.name) ?? link.url) !== link.url);
    if (others.length > 0)
      throw new ConflictError(
        `${api.subject}: the release ${tag} has links ${others.map(({ name }) => name).join(", ")} to other files. Nothing was overwritten: remove them there, or publish the change as another version.`,
      );
    for (const link of wanted.filter(({ name }) => !present.has(name)))
      await callApi(api, { method: "POST", url, name: link.name, accept: [201], body: link });
  }

  #links(tag: string): Promise<z.output<typeof links>> {
    return listAll(this.project.api, `${this.#linksUrl(tag)}?per_page=100`, `links of ${tag}`, links);
  }

  #linksUrl(tag: string): string {
    return this.#url(`/releases/${encodeURIComponent(tag)}/assets/links`);
  }

  #linkTo(tag: string, { name }: ReleaseFile) {
    return { name, url: this.#fileUrl(tag, name), direct_asset_path: `/${name}`, link_type: "package" };
  }

  #fileUrl(tag: string, name: string): string {
    const { name: packageName, version } = this.#packageOf(tag);
    const parts = [packageName, version, name].map(encodeURIComponent);
    return this.#url(`/packages/generic/${parts.join("/")}`);
  }

  /** The files of `tool/v1.2.3` are those of the package tool: no version has a slash. */
  #packageOf(tag: string): { name: string; version: string } {
    const [version = "", ...component] = tag.split("/").toReversed();
    const [project = ""] = this.project.path.split("/").toReversed();
    return { name: component.length === 0 ? project : component.toReversed().join("-"), version };
  }

  #url(path: string): string {
    return `${this.project.url}/projects/${encodeURIComponent(this.project.path)}${path}`;
  }
}
