import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import { parseReference } from "../registry/reference.js";
import { digestSet } from "./statement.js";

/** Something that went into an image (SLSA provenance v1, `ResourceDescriptor`). */
export interface Material {
  uri?: string;
  name?: string;
  digest: Readonly<Record<string, string>>;
}

/** The job of a CI platform that an image came about in, as its own token says. */
export interface ProvenanceRun {
  /** What the platform ran: the pipeline by its address, with the ref. */
  builderId: string;
  /** The job, for people. */
  invocationUrl: string;
}

/** How an image came about. */
export interface ProvenanceInput {
  /** What was called, with its arguments by name. */
  parameters: Readonly<Record<string, unknown>>;
  materials: readonly Material[];
  /** Digest of Slipway itself, as the engine has it: `sha256:…`. */
  module?: string | undefined;
  /** Absent where no platform vouches for the run. */
  run?: ProvenanceRun | undefined;
  /** Milliseconds since the epoch. */
  startedOn: number;
}

/** The predicate of a provenance (SLSA v1.0, "Provenance"). */
export interface Provenance {
  buildDefinition: {
    buildType: string;
    externalParameters: Readonly<Record<string, unknown>>;
    resolvedDependencies: readonly Material[];
  };
  runDetails: {
    builder: {
      id: string;
      version: Readonly<Record<string, string>>;
      builderDependencies?: readonly Material[];
    };
    metadata: { invocationId?: string; startedOn: string };
  };
}

/** Explains the parameters (SLSA v1.0: a build type resolves to what people can read). */
const buildType = "https://raw.githubusercontent.com/acme/slipway/v0.1.0/docs/attest.md";

/** What is said of a run that no platform vouches for. */
const unattested = `${buildType}#builder`;

/** The version of Slipway: 0.1.0. */
export function slipwayVersion(): string {
  const [, version = ""] = /\/v([^/]+)\//.exec(buildType) ?? [];
  return version;
}

/** Says how an image came about. Nothing in it is a secret: settings hold none, and no argument that is one is given. */
export function provenanceOf({ parameters, materials, module, run, startedOn }: ProvenanceInput): Provenance {
  return {
    buildDefinition: { buildType, externalParameters: parameters, resolvedDependencies: materials },
    runDetails: {
      builder: {
        id: run?.builderId ?? unattested,
        version: { slipway: slipwayVersion() },
        ...(module === undefined ? {} : { builderDependencies: [fileMaterial("slipway", module)] }),
      },
      metadata: {
        ...(run === undefined ? {} : { invocationId: run.invocationUrl }),
        startedOn: new Date(startedOn).toISOString(),
      },
    },
  };
}

/** An image that another one starts from or copies from, by its package URL as BuildKit writes it. */
export function imageMaterial(name: string, digest: string, platform?: ImagePlatform): Material {
  const { registry, path, tag } = parseReference(name, "base image");
  const full = registry === "docker.io" ? path.replace(/^library\//, "") : `${registry}/${path}`;
  const version = tag === undefined ? "" : `@${encodeURIComponent(tag)}`;
  const qualifier = platform === undefined ? "" : `?platform=${encodeURIComponent(formatPlatform(platform))}`;
  return {
    uri: `pkg:docker/${full.replace(":", "%3A")}${version}${qualifier}`,
    digest: digestSet(digest),
  };
}

/** The commit that was checked out; `source` is the URL of its repository. */
export function commitMaterial(revision: string, source?: string): Material {
  return {
    ...(source === undefined ? { name: "source" } : { uri: `git+${source}` }),
    digest: { gitCommit: revision },
  };
}

/** A file, or several, by a digest of the content: `sha256:…`. */
export function fileMaterial(name: string, digest: string): Material {
  return { name, digest: digestSet(digest) };
}
