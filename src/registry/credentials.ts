import { z } from "zod";
import { InputError, RegistryError } from "../errors.js";
import { normalizeRegistry, type Repository } from "./reference.js";

/** How to sign in to one registry. */
export type Credential =
  | { kind: "password"; username: string; password: string }
  | { kind: "identity-token"; token: string; username?: string }
  /** Kept by a program that does not exist in the module's container. */
  | { kind: "helper"; setting: string };

/** Credentials by registry host, or by a path below it: `quay.io/team`; `*` are those of all other registries. */
export type Credentials = ReadonlyMap<string, Credential>;

/** The credentials of a repository, the most specific ones first (containers-auth.json(5)). */
export function credentialFor(credentials: Credentials, repository: Repository): Credential | undefined {
  return credentials.get(scopeFor(credentials, repository));
}

/** Where the credentials of a repository are for: the longest path below its registry that has any, or all of it. */
export function scopeFor(credentials: Credentials, { registry, path }: Repository): string {
  const names = path.split("/");
  const scopes = names.map((_, at) => [registry, ...names.slice(0, names.length - at)].join("/"));
  const found = scopes.find((scope) => credentials.has(scope));
  return found ?? (credentials.has(registry) || !credentials.has("*") ? registry : "*");
}

// Programs in Go write null where they have nothing.
const optional = z.string().nullish();
const entry = z.object({ auth: optional, username: optional, password: optional, identitytoken: optional });

const dockerConfig = z.object({
  auths: z.record(z.string(), entry.nullable()).nullish(),
  credsStore: optional,
  credHelpers: z.record(z.string(), optional).nullish(),
});

// docker login by browser keeps these beside the credentials of the registry, which they are not.
const hubTokens = /\/v1\/(?:access|refresh)-token$/;

/**
 * Reads Docker's `config.json`. Values never reach a message: only hosts and the names of helpers do.
 * Docker Hub's entry is `https://index.docker.io/v1/`.
 */
export function parseDockerConfig(text: string): Credentials {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputError({
      subject: "docker config",
      expected: "the JSON of Docker's config.json",
      given: "text that is not JSON",
      fix: "Pass it as --docker-config file://$HOME/.docker/config.json",
    });
  }
  const parsed = dockerConfig.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InputError({
      subject: ["docker config", ...(issue?.path ?? [])].join(": "),
      expected: issue?.code === "invalid_type" ? `the JSON type ${issue.expected}` : "Docker's config.json",
      given: "another type",
    });
  }
  const { auths, credHelpers, credsStore } = parsed.data;
  const credentials = new Map<string, Credential>();
  for (const [key, found] of Object.entries(auths ?? {})) {
    if (hubTokens.test(key)) continue;
    const credential = credentialOf(found ?? {}, key);
    if (credential !== undefined) credentials.set(scopeOf(key), credential);
    else if (credsStore)
      credentials.set(scopeOf(key), { kind: "helper", setting: `credsStore "${credsStore}"` });
  }
  for (const [key, helper] of Object.entries(credHelpers ?? {})) {
    // Credentials in the file can be used here, which is all that counts; the helper cannot.
    if (helper && (credentials.get(scopeOf(key))?.kind ?? "helper") === "helper")
      credentials.set(scopeOf(key), { kind: "helper", setting: `credHelpers "${helper}"` });
  }
  if (credsStore) credentials.set("*", { kind: "helper", setting: `credsStore "${credsStore}"` });
  return credentials;
}

/** `Authorization` of the Basic scheme. */
export function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** That the credentials are where nobody here can read them. */
export function helperError(registry: string, setting: string): RegistryError {
  return new RegistryError(
    `${registry}: its credentials are kept by ${setting}, a program that does not exist in a container. Pass them with with-registry-auth --address ${registry} --username … --secret env://…, or give a config.json with an auths entry.`,
    { failure: "unauthorized" },
  );
}

function credentialOf(given: Partial<z.infer<typeof entry>>, key: string): Credential | undefined {
  if (given.identitytoken)
    return {
      kind: "identity-token",
      token: given.identitytoken,
      ...(given.username ? { username: given.username } : {}),
    };
  if (given.username && given.password)
    return { kind: "password", username: given.username, password: given.password };
  if (!given.auth) return undefined;
  const decoded = Buffer.from(given.auth, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 1)
    throw new InputError({
      subject: `docker config: auths["${key}"].auth`,
      expected: "base64 of user:password",
      given: "a value without a user name",
      fix: "Run docker login again",
    });
  return { kind: "password", username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** What a key is for: Docker writes URLs of registries, with the version of the protocol; others a path as well. */
function scopeOf(key: string): string {
  const [host = "", ...path] = key
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "")
    .split("/");
  const isHost = /^https?:/.test(key) || (path.length === 1 && /^v[12]$/.test(path[0] ?? ""));
  return [normalizeRegistry(host), ...(isHost ? [] : path)].join("/");
}
