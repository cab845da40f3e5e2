import { InputError } from "../errors.js";

/** What an image runs on (OCI image index, section "platform"). */
export interface ImagePlatform {
  os: string;
  architecture: string;
  variant?: string;
}

/** Parses `os/architecture[/variant]`; `linux/arm64/v8` is `linux/arm64`, as containerd normalizes it. */
export function parsePlatform(text: string, subject = "platform"): ImagePlatform {
  const [os = "", architecture = "", variant, ...more] = text.split("/");
  if (more.length > 0 || ![os, architecture, variant ?? "x"].every((part) => /^[a-z0-9_.-]+$/.test(part)))
    throw new InputError({ subject, expected: "os/architecture, as in linux/amd64", given: text });
  if (variant === undefined || (architecture === "arm64" && variant === "v8")) return { os, architecture };
  return { os, architecture, variant };
}

export function formatPlatform({ os, architecture, variant }: ImagePlatform): string {
  return [os, architecture, architecture === "arm64" && variant === "v8" ? undefined : variant]
    .filter((part) => part !== undefined && part !== "")
    .join("/");
}
