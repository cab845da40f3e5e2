import { InputError } from "../../errors.js";
import { formatPlatform, parsePlatform } from "../../oci/platform.js";
import { NoEquivalent } from "../note.js";
import type { DockerEntry } from "./config.js";

const defaults = { goos: "linux", goarch: "amd64", goarm: "6", goamd64: "v1" };

/** What an image of `dockers` is for, as Go names it. */
export interface GoTarget {
  os: string;
  architecture: string;
  arm?: string;
}

/** The target of the binaries of an image of `dockers`. */
export function goTargetOf({ goos, goarch, goarm }: DockerEntry): GoTarget {
  const architecture = goarch || defaults.goarch;
  return {
    os: goos || defaults.goos,
    architecture,
    ...(architecture === "arm" ? { arm: goarm || defaults.goarm } : {}),
  };
}

/**
 * The platform of an image of `dockers`. The flag says what the image is called, and the target what is in it; where
 * both are written and contradict each other, nothing is chosen.
 */
export function platformOf(entry: DockerEntry, flag: string | undefined): string {
  const { os, architecture, arm } = goTargetOf(entry);
  const level = entry.goamd64 || defaults.goamd64;
  const variant = architecture === "amd64" && level !== "v1" ? level : arm && `v${arm}`;
  const target = platform([os, architecture, variant].filter(Boolean).join("/"));
  const named = flag === undefined ? target : platform(flag);
  if (named === target || variant === level) return target;
  if (!entry.goarch) return named;
  // An image that is called linux/arm runs what was compiled for any level of it.
  if (named === "linux/arm" && architecture === "arm") return target;
  throw new NoEquivalent(contradiction(named, target));
}

/** A platform that Slipway releases for, in its form. */
export function platform(text: string): string {
  try {
    const parsed = parsePlatform(text.trim());
    if (parsed.os === "linux") return formatPlatform(parsed);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new NoEquivalent(`${text} is no single platform`);
  }
  throw new NoEquivalent("Slipway releases images for Linux only");
}

function contradiction(named: string, target: string): string {
  return `it is called ${named}, and its binaries are for ${target}: name one of them in release.platforms`;
}
