import { InputError } from "../errors.js";

/** A repository of one registry: where requests of the distribution protocol go. */
export interface Repository {
  /** Host and optional port, as in references: `ghcr.io`, `docker.io`, `127.0.0.1:5000`. */
  registry: string;
  /** Path of the repository, lower case: `acme/ci`. */
  path: string;
}

/** A manifest in a repository, by tag or by digest. */
export interface Reference extends Repository {
  tag?: string;
  digest?: string;
}

// The grammar of distribution/reference (the one that Docker and the OCI distribution specification share).
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryPath = new RegExp(`^${component}(?:/${component})*$`);
const domain =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const tagName = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const sha256Digest = /^sha256:[0-9a-f]{64}$/;

const dockerHub = "docker.io";

/** What a text is to be, for messages. */
interface Form {
  form: string;
  example: string;
}

const reference: Form = { form: "registry/path[:tag][@sha256:digest]", example: "ghcr.io/acme/ci:latest" };
const repository: Form = { form: "registry/path", example: "ghcr.io/acme/ci" };
const scheme = /^[a-z]+:\/\//i;

/** Parses `[registry/]path[:tag][@digest]`; a name without a registry is Docker Hub's, as everywhere else. */
export function parseReference(text: string, subject = "image reference"): Reference {
  return parseName(text, subject, reference);
}

function parseName(text: string, subject: string, { form, example }: Form): Reference {
  const refuse = (expected: string, fix?: string): never => {
    throw new InputError({ subject, expected, given: text, ...(fix === undefined ? {} : { fix }) });
  };
  if (scheme.test(text))
    refuse(`a name without a scheme, as in ${example}`, `Write ${text.replace(scheme, "")}`);
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !sha256Digest.test(digest)))
    refuse("a digest of the form sha256:<64 hex digits> after @");

  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag)) refuse("a tag of at most 128 letters, digits, '_', '.' and '-'");

  const name = hasTag ? named.slice(0, colon) : named;
  const { registry, path } = splitName(name);
  // The grammar lets ports and IPv4 addresses pass that no URL can hold.
  if (!domain.test(registry) || !URL.canParse(`https://${registry}`))
    refuse(`a registry host with an optional port, as in ${example}`);
  if (!repositoryPath.test(path)) {
    if (repositoryPath.test(path.toLowerCase()))
      refuse(
        "a repository path in lower case",
        `Write ${formatRepository({ registry, path: path.toLowerCase() })}`,
      );
    refuse(`the form ${form}, as in ${example}`);
  }
  return {
    registry,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Parses a repository: a reference with neither tag nor digest. */
export function parseRepository(text: string, subject = "repository"): Repository {
  const { registry, path, tag, digest } = parseName(text, subject, repository);
  if (tag !== undefined || digest !== undefined)
    throw new InputError({
      subject,
      expected: "a repository without tag or digest",
      given: text,
      fix: `Write ${formatRepository({ registry, path })}; Slipway chooses the tags`,
    });
  return { registry, path };
}

export function isTag(text: string): boolean {
  return tagName.test(text);
}

export function isDigest(text: string): boolean {
  return sha256Digest.test(text);
}

export function formatRepository({ registry, path }: Repository): string {
  return `${registry}/${path}`;
}

/** The reference of a manifest in a repository; `manifest` is a tag or a digest. */
export function formatReference(repository: Repository, manifest: string): string {
  return `${formatRepository(repository)}${manifest.startsWith("sha256:") ? "@" : ":"}${manifest}`;
}

/** What a reference points at, as the last part of a manifest URL; a digest wins over a tag. */
export function manifestOf(reference: Reference): string {
  return reference.digest ?? reference.tag ?? "latest";
}

/** Each repository once, in the order in which they are first named. */
export function distinctRepositories(repositories: readonly Repository[]): Repository[] {
  return [...new Map(repositories.map((repository) => [formatRepository(repository), repository])).values()];
}

/** Parses the host of a registry: `ghcr.io`, `localhost:5000`. */
export function parseRegistry(text: string, subject: string): string {
  if (domain.test(text)) return normalizeRegistry(text);
  throw new InputError({ subject, expected: "a registry host as in ghcr.io or localhost:5000", given: text });
}

/** Host names of one registry under one spelling: case means nothing in them, and Docker Hub has three. */
export function normalizeRegistry(host: string): string {
  const name = host.toLowerCase();
  return ["index.docker.io", "registry-1.docker.io"].includes(name) ? dockerHub : name;
}

function splitName(name: string): Repository {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:[]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const registry = isHost ? normalizeRegistry(first) : dockerHub;
  const path = isHost ? name.slice(slash + 1) : name;
  return { registry, path: registry === dockerHub && !path.includes("/") ? `library/${path}` : path };
}
