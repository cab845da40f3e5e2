import { Authenticator } from "../registry/auth.js";
import { RegistryClient } from "../registry/client.js";
import type { ClientSettings } from "../registry/connection.js";
import { credentialFor } from "../registry/credentials.js";
import type { Repository } from "../registry/reference.js";
import type { ServiceSettings } from "../registry/service-api.js";
import { DockerHub } from "./docker-hub.js";
import { GhcrRepository } from "./ghcr-repository.js";
import { GitHubPackages } from "./github-packages.js";
import { PlainRegistry } from "./plain-registry.js";
import type { CleanupTarget } from "./target.js";

/** A registry that removes through an API of its own. */
export interface HostedRegistry {
  service: "github-packages" | "docker-hub";
  /** Base URL of that API, without a slash at its end. */
  api: string;
}

type OpenService = (
  client: RegistryClient,
  settings: ServiceSettings,
  repository: Repository,
) => CleanupTarget;

/** By registry host. All other registries speak the distribution protocol alone. */
const hostedRegistries: Readonly<Record<string, HostedRegistry>> = {
  "ghcr.io": { service: "github-packages", api: "https://api.github.com" },
  "docker.io": { service: "docker-hub", api: "https://hub.docker.com" },
};

const services: Readonly<Record<HostedRegistry["service"], OpenService>> = {
  "github-packages": (client, settings, repository) =>
    new GhcrRepository(client, new GitHubPackages(settings, repository), repository),
  "docker-hub": (client, settings, repository) => {
    const hub = new DockerHub(settings, repository);
    return new PlainRegistry(client, repository, (tag) => hub.deleteTag(tag));
  },
};

/** The repository as clean-up sees it, by what its registry offers. */
export function openTarget(
  settings: ClientSettings,
  repository: Repository,
  hosted: Readonly<Record<string, HostedRegistry>> = hostedRegistries,
): CleanupTarget {
  const client = new RegistryClient(settings);
  const found = hosted[repository.registry];
  if (found === undefined) return new PlainRegistry(client, repository);
  return services[found.service](client, serviceSettings(settings, repository, found.api), repository);
}

function serviceSettings(
  { credentials, ...settings }: ClientSettings,
  { registry, path }: Repository,
  api: string,
): ServiceSettings {
  const credential = credentialFor(credentials, { registry, path });
  return {
    ...settings,
    api,
    access: new Authenticator(settings.fetch, credentials).advice({ registry, path }, "denied"),
    ...(credential === undefined ? {} : { credential }),
  };
}
