import {
  type Container,
  type Directory,
  dag,
  type File,
  type Platform,
  type Secret,
  type Service,
} from "@dagger.io/dagger";
import { parseSettings, type Settings } from "./config.js";
import { InputError, messageOf } from "./errors.js";
import { readFiles } from "./files.js";
import { log } from "./log.js";
import { digestOf } from "./oci/manifest.js";
import type { Clock } from "./phases.js";
import { showUploads } from "./progress.js";
import { RegistryClient } from "./registry/client.js";
import type { ClientSettings } from "./registry/connection.js";
import { type Credential, type Credentials, parseDockerConfig } from "./registry/credentials.js";
import { originOf } from "./registry/origin.js";
import { parseReference, type Repository } from "./registry/reference.js";
import { pushRetry } from "./registry/retry.js";
import { createFetch, type Fetch, type Network, type Route } from "./registry/transport.js";
import { keepPassword, keepSecret, reveal } from "./secrets.js";

/** Credentials of one registry, as `with-registry-auth` takes them. */
export interface RegistryLogin {
  address: string;
  username: string;
  secret: Secret;
}

/** A service that answers for a registry's host, as `with-registry-service` takes it. */
export interface RegistryRoute {
  host: string;
  service: Service;
}

/** What `with-signing-key` and `with-identity-token` take. */
export interface SigningSecrets {
  key?: Pick<Secret, "plaintext"> | undefined;
  password?: Pick<Secret, "plaintext"> | undefined;
  token?: Pick<Secret, "plaintext"> | undefined;
  /** Where a token for Sigstore is asked for with that token, as GitHub has it. */
  tokenUrl?: string | undefined;
}

/** What the constructor and the chain of a call give. */
export interface ProjectSource {
  source: Directory;
  config?: File | undefined;
  dockerConfig?: Secret | undefined;
  logins: readonly RegistryLogin[];
  routes: readonly RegistryRoute[];
  signing: SigningSecrets;
}

/** A project with its settings, and the way to its registries. */
export interface Project {
  source: Directory;
  settings: Settings;
  /** Digest of their text; absent where there is none. */
  settingsDigest?: string | undefined;
  fetch: Fetch;
  /** How registries are reached, for what asks more than the protocol. */
  registries: ClientSettings;
  now: Clock;
  /** What images are signed with. */
  signing: SigningSecrets;
  /** A client whose requests to these repositories carry push rights from the first one on. */
  client(push?: readonly Repository[]): RegistryClient;
  /** A client as somebody without an account has it. */
  anonymousClient(): RegistryClient;
  /** Gives the engine the credentials, for the images that a build of it starts from. */
  signIn(): Promise<void>;
  /** An image that the engine pulls, with the same credentials. */
  pull(reference: string, platform?: string): Container;
}

/** Parses what was given into a project: the one place where settings and secrets are read. */
export async function loadProject(given: ProjectSource): Promise<Project> {
  const text = await settingsText(given);
  const settings = parseSettings(text, given.config && "--config");
  const credentials = await readCredentials(given);
  const fetch = createFetch(await resolveNetwork(given, settings));
  const { attempts, baseSeconds } = settings.retry;
  const now = () => Math.round(performance.now());
  const registries: ClientSettings = {
    fetch,
    credentials,
    plainHttp: settings.network.plainHttp,
    push: [],
    pushRetry: { ...pushRetry, attempts, baseDelay: baseSeconds * 1000 },
    onRetry: log,
    onProgress: showUploads(process.stderr, now),
  };
  return {
    source: given.source,
    settings,
    settingsDigest: text && digestOf(Buffer.from(text)),
    fetch,
    registries,
    now,
    signing: given.signing,
    client: (push = []) => new RegistryClient({ ...registries, push }),
    anonymousClient: () => new RegistryClient({ ...registries, credentials: new Map() }),
    signIn: async () => {
      await signedIn(dag.container(), credentials).id();
    },
    pull: (reference, platform) => {
      const container = dag.container(platform === undefined ? {} : { platform: platform as Platform });
      const { registry } = parseReference(reference);
      const route = given.routes.find(({ host }) => host === registry);
      return signedIn(container, credentials).from(
        reference,
        route === undefined ? {} : { registryService: route.service },
      );
    },
  };
}

/** The engine knows credentials of hosts only: those of a path are its host's, unless that has others. */
function signedIn(container: Container, credentials: Credentials): Container {
  const hosts = [...credentials]
    .toReversed()
    .map(([scope, credential]) => [scope.replace(/\/.*/, ""), credential] as const);
  const ofHosts = new Map([...hosts, ...[...credentials].filter(([scope]) => !scope.includes("/"))]);
  return [...ofHosts].reduce(
    (signed, [host, credential]) =>
      credential.kind === "password"
        ? signed.withRegistryAuth(
            host,
            credential.username,
            dag.setSecret(`slipway-registry-${host}`, credential.password),
          )
        : signed,
    container,
  );
}

async function settingsText({ source, config }: ProjectSource): Promise<string | undefined> {
  if (config !== undefined) return config.contents();
  return (await readFiles(source, ["slipway.json"])).get("slipway.json")?.toString("utf8");
}

/** What `with-registry-auth` gives wins over the config file, and the later login over the earlier. */
async function readCredentials({ dockerConfig, logins }: ProjectSource): Promise<Credentials> {
  const fromConfig =
    dockerConfig === undefined
      ? []
      : parseDockerConfig(await readSecret("--docker-config", () => dockerConfig.plaintext()));
  const fromLogins = logins.map(
    async ({ address, username, secret }): Promise<[string, Credential]> => [
      address,
      {
        kind: "password",
        username,
        password: await readSecret(`with-registry-auth --address ${address} --secret`, () => reveal(secret)),
      },
    ],
  );
  const credentials = new Map([...fromConfig, ...(await Promise.all(fromLogins))]);
  for (const credential of credentials.values()) keepCredential(credential);
  return credentials;
}

/** The engine reads a secret only here, and says neither whose it is nor what to do where there is none. */
export async function readSecret(argument: string, read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    throw new InputError({
      subject: argument,
      expected: "a secret that can be read",
      given: messageOf(error).replace(/^rpc error: code = \w+ desc = /, ""),
      fix: "Set what it names, a variable as env://NAME or a file as file://PATH, where dagger is called",
    });
  }
}

/** From here on no text leaves the process with it. */
function keepCredential(credential: Credential): void {
  if (credential.kind === "password") keepPassword(credential.username, credential.password);
  if (credential.kind === "identity-token") keepSecret(credential.token);
}

async function resolveNetwork({ source, routes }: ProjectSource, { network }: Settings): Promise<Network> {
  const { caFile, proxy, noProxy } = network;
  const ca = caFile === undefined ? undefined : (await readFiles(source, [caFile])).get(caFile);
  if (caFile !== undefined && ca === undefined)
    throw new InputError({
      subject: "slipway.json: network.caFile",
      expected: "a PEM file in the source",
      given: caFile,
    });
  return {
    ...(ca === undefined ? {} : { ca: ca.toString("utf8") }),
    ...(proxy === undefined ? {} : { proxy: { url: proxy, noProxy } }),
    routes: Object.fromEntries(await Promise.all(routes.map(startRoute))),
  };
}

async function startRoute({ host, service }: RegistryRoute): Promise<[string, Route]> {
  const started = await service.start();
  const [hostname, ports] = await Promise.all([started.hostname(), started.ports()]);
  const port = await ports[0]?.port();
  if (port === undefined)
    throw new InputError({
      subject: "with-registry-service --service",
      expected: "a service with an exposed port",
      given: hostname,
    });
  // Docker Hub is asked under another name than references have.
  return [originOf(host, []).host, { hostname, port }];
}
