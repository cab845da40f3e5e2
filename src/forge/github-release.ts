import { createReadStream } from "node:fs";
import { z } from "zod";
import { InputError, RegistryError } from "../errors.js";
import { listAll } from "../registry/api-list.js";
import { type ApiSettings, callApi, parseAnswer, saidBy } from "../registry/service-api.js";
import {
  type FileOutcome,
  type Forge,
  type ForgeRelease,
  missingFiles,
  outcomesOf,
  type ReleaseFile,
} from "./release.js";

/** A repository of GitHub, as its API is asked for it. */
export interface GitHubRepository {
  api: ApiSettings;
  /** Base URL of the API: `https://api.github.com` */
  url: string;
  /** `acme/app` */
  path: string;
}

const release = z.object({
  id: z.int(),
  tag_name: z.string(),
  draft: z.boolean(),
  // A template: `https://uploads.github.com/…/assets{?name,label}`.
  upload_url: z.string().transform((template) => template.replace(/\{.*$/, "")),
});
const releases = z.array(release);

const named = z.object({ sha: z.string() });

const asset = z.object({
  id: z.int(),
  name: z.string(),
  size: z.int(),
  state: z.string(),
  digest: z.string().nullish(),
});
const assets = z.array(asset);

type Release = z.infer<typeof release>;
type Asset = z.infer<typeof asset>;

/**
 * Releases of GitHub (REST API, "Releases" and "Release assets"): a draft until it has all of its files, since GitHub can
 * be told to let nobody change what is published.
 */
export class GitHubReleases implements Forge {
  constructor(private readonly repository: GitHubRepository) {}

  async publish(wanted: ForgeRelease): Promise<FileOutcome[]> {
    const { tag } = wanted;
    const { subject } = this.repository.api;
    await this.#requireTag(wanted);
    const found = (await this.#published(tag)) ?? (await this.#draft(tag)) ?? (await this.#create(wanted));
    const present = await this.#assets(found);
    const whole = present.filter(isWhole);
    const missing = missingFiles(subject, wanted, whole.map(storedAs));
    const broken = present.filter((each) => !isWhole(each) && missing.some(({ name }) => name === each.name));
    for (const each of broken) await this.#remove(each);
    for (const file of missing) await this.#upload(found, file);
    const lacking = missingFiles(subject, wanted, (await this.#assets(found)).filter(isWhole).map(storedAs));
    if (lacking.length > 0)
      throw new RegistryError(
        `${subject}: ${lacking.map(({ name }) => name).join(", ")} of ${tag} was uploaded, and GitHub does not list it. Run this again, which uploads what is missing.`,
        { failure: "unavailable", transient: true },
      );
    if (found.draft) await this.#show(found);
    return outcomesOf(wanted, missing);
  }

  /** GitHub would set a tag that it does not have, at the newest commit of the main branch. */
  async #requireTag({ tag, commit }: ForgeRelease): Promise<void> {
    const { subject } = this.repository.api;
    const answer = await this.#call({
      method: "GET",
      path: `/commits/${encodeURIComponent(`tags/${tag}`)}`,
      name: `tag ${tag}`,
      // Of what is no commit it says 422.
      accept: [200, 404, 422],
    });
    const found =
      answer.status === 200 ? parseAnswer(named, answer, `${subject}: tag ${tag}`).sha : undefined;
    if (found === commit) return;
    throw new InputError({
      subject: `${subject}: tag ${tag}`,
      expected: commit,
      given: found ?? "no such tag",
      fix: "Push the tag, or check out the commit that it names there",
    });
  }

  async #published(tag: string): Promise<Release | undefined> {
    const answer = await this.#call({
      method: "GET",
      path: `/releases/tags/${encodeURIComponent(tag)}`,
      name: `release ${tag}`,
      accept: [200, 404],
    });
    return answer.status === 404
      ? undefined
      : parseAnswer(release, answer, `${this.repository.api.subject}: release ${tag}`);
  }

  /** What an earlier run has begun; a draft is found by no tag. */
  async #draft(tag: string): Promise<Release | undefined> {
    const listed = await listAll(
      this.repository.api,
      this.#url("/releases?per_page=100"),
      "releases",
      releases,
    );
    return listed.find(({ draft, tag_name }) => draft && tag_name === tag);
  }

  async #create({ tag, notes, isPreRelease }: ForgeRelease): Promise<Release> {
    const answer = await this.#call({
      method: "POST",
      path: "/releases",
      name: `release ${tag}`,
      accept: [201],
      body: { tag_name: tag, name: tag, body: notes, draft: true, prerelease: isPreRelease },
    });
    return parseAnswer(release, answer, `${this.repository.api.subject}: release ${tag}`);
  }

  /** `legacy` shows the highest version as the latest one, and not the one of the newest page. */
  async #show({ id, tag_name }: Release): Promise<void> {
    await this.#call({
      method: "PATCH",
      path: `/releases/${id}`,
      name: `release ${tag_name}`,
      accept: [200],
      body: { draft: false, make_latest: "legacy" },
    });
  }

  #assets({ id, tag_name }: Release): Promise<Asset[]> {
    const url = this.#url(`/releases/${id}/assets?per_page=100`);
    return listAll(this.repository.api, url, `files of ${tag_name}`, assets);
  }

  /** A file of which nothing or a part has arrived. */
  async #remove({ id, name }: Asset): Promise<void> {
    await this.#call({ method: "DELETE", path: `/releases/assets/${id}`, name, accept: [204, 404] });
  }

  /** GitHub answers 422 where the name is taken: by another run, or by an attempt whose answer was lost. */
  async #upload(to: Release, { name, path, size }: ReleaseFile): Promise<void> {
    const { api } = this.repository;
    const url = this.#uploadUrl(to.upload_url);
    url.searchParams.set("name", name);
    const answer = await callApi(api, {
      method: "POST",
      url: url.href,
      name,
      accept: [201, 422],
      file: { size, open: () => createReadStream(path) },
    });
    if (answer.status === 201) return;
    const taken = (await this.#assets(to)).find((each) => each.name === name);
    if (taken !== undefined && isWhole(taken)) return;
    throw new RegistryError(
      `${api.subject}: GitHub does not take ${name}: ${saidBy(answer) || "it answered 422"}. Run this again; if it stays, see whether the release ${to.tag_name} can still be changed.`,
      { failure: "invalid", status: answer.status },
    );
  }

  /** The token is for GitHub: uploads go to the host that belongs to the API, and to no other. */
  #uploadUrl(given: string): URL {
    const api = new URL(this.repository.url);
    const hosts = [api.host, api.host.replace(/^api\./, "uploads.")];
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url !== undefined && url.protocol === api.protocol && hosts.includes(url.host)) return url;
    throw new RegistryError(
      `${this.repository.api.subject}: its files would go to ${url?.origin ?? "no URL"} and not to ${hosts.at(-1)}, and are not sent there.`,
      { failure: "invalid" },
    );
  }

  #url(path: string): string {
    const repository = this.repository.path.split("/").map(encodeURIComponent).join("/");
    return `${this.repository.url}/repos/${repository}${path}`;
  }

  #call({ path, ...request }: Omit<Parameters<typeof callApi>[1], "url"> & { path: string }) {
    return callApi(this.repository.api, { ...request, url: this.#url(path) });
  }
}

function isWhole({ state }: Asset): boolean {
  return state === "uploaded";
}

function storedAs({ name, size, digest }: Asset) {
  return { name, size, digest: digest ?? undefined };
}
