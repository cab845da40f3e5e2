import { createHash } from "node:crypto";
import { digestOf } from "../oci/manifest.js";
import type { VerifiedImage } from "../registry/verify.js";

/** Labels by which Slipway knows its own images again. */
export const labels = {
  /** The identity, in full. */
  identity: "dev.slipway.ci-image.identity",
  /** Version of mise, which is also the last source of `resolve-mise`. */
  mise: "dev.slipway.ci-image.mise",
} as const;

/** Everything that decides what a CI image contains. */
export interface CiImageInputs {
  /** The Dockerfile, the tools' versions and the files that the Dockerfile copies, by path. */
  content: Record<string, Uint8Array>;
  /** References of all bases, with their digests. */
  bases: readonly string[];
  buildArgs: Record<string, string>;
  platforms: readonly string[];
  /** Absent where the Dockerfile takes none: then it installs whatever it says itself. */
  miseVersion?: string | undefined;
  alpine: string;
  /** Stage of the Dockerfile; absent for the last one. */
  target?: string | undefined;
}

/** Everything that decides what the image of a tool contains. */
export interface ToolInputs {
  name: string;
  version: string;
  /** What mise is asked for, and what holds it to a checksum. */
  request: unknown;
  dockerfile: Uint8Array;
  /** Those of the settings: what a base is at the moment decides nothing about a tool. */
  buildArgs: Record<string, string>;
  platforms: readonly string[];
}

/** A CI image before it exists: what it will be known by. */
export interface CiImage {
  /** SHA-256 over all inputs, 64 hex digits. */
  identity: string;
  /**
   * The tag that never moves: `<mise version>-alpine<release>-<first 8 digits of the identity>`, without the first where
   * the Dockerfile takes none.
   */
  tag: string;
  /** Tags that follow the newest image. */
  aliases: string[];
  platforms: readonly string[];
  labels: Record<string, string>;
}

/**
 * Names a CI image by what goes into it. A build with RUN is not reproducible, so its digest cannot say whether
 * it is current; the identity can.
 */
export function describeCiImage(inputs: CiImageInputs): CiImage {
  const { miseVersion, alpine } = inputs;
  const identity = createHash("sha256").update(canonical(inputs)).digest("hex");
  const version = miseVersion === undefined ? [] : [miseVersion];
  return {
    identity,
    tag: [...version, `alpine${alpine}`, identity.slice(0, 8)].join("-"),
    aliases: [...version, "latest"],
    platforms: inputs.platforms,
    labels: {
      [labels.identity]: identity,
      ...(miseVersion === undefined ? {} : { [labels.mise]: miseVersion }),
    },
  };
}

/** Names the image of a tool by what goes into it. No tag of it moves. */
export function describeTool(inputs: ToolInputs): CiImage {
  const { name, version, platforms, dockerfile, buildArgs } = inputs;
  const whole = {
    ...inputs,
    dockerfile: digestOf(dockerfile),
    buildArgs: Object.entries(buildArgs).toSorted(),
    platforms: platforms.toSorted(),
  };
  const identity = createHash("sha256").update(JSON.stringify(whole)).digest("hex");
  return {
    identity,
    tag: `${name}-${version}-${identity.slice(0, 8)}`,
    aliases: [],
    platforms,
    labels: {
      [labels.identity]: identity,
      "org.opencontainers.image.title": name,
      "org.opencontainers.image.version": version,
    },
  };
}

/** Whether a tag is of the form that never moves. */
export function isImmutableTag(tag: string): boolean {
  return /^(?:(?:\d+\.\d+\.\d+-)?alpine\d+\.\d+|[a-z0-9][a-z0-9._-]*-\d+\.\d+\.\d+\S*)-[0-9a-f]{8}$/.test(
    tag,
  );
}

/** Whether every platform of a published image carries the identity label of any Slipway CI image. */
export function isSlipwayImage({ variants }: VerifiedImage): boolean {
  return variants.length > 0 && variants.every((variant) => variant.labels[labels.identity] !== undefined);
}

function canonical(inputs: CiImageInputs): string {
  const { content, bases, buildArgs, platforms, miseVersion, alpine, target } = inputs;
  return JSON.stringify({
    content: Object.entries(content)
      .map(([path, bytes]) => [path, digestOf(bytes)])
      .toSorted(),
    bases,
    buildArgs: Object.entries(buildArgs).toSorted(),
    platforms: platforms.toSorted(),
    miseVersion,
    alpine,
    target,
  });
}
