import { type AssembledVariant, assembleVariant } from "../../src/dockerfile/assemble.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import type { BaseImage } from "../../src/layer/base.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { openContext } from "./image-files.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** What is assembled unless a test says otherwise. */
export const release = {
  files: {
    "linux/amd64/hello": { content: "program for amd64", mode: 0o755 },
    "linux/arm64/hello": { content: "program for arm64", mode: 0o755 },
    "etc/hello.yaml": "level: info\n",
    "etc/current": { link: "hello.yaml" },
  },

  dockerfile: `ARG BASE=scratch
FROM $BASE
ARG TARGETARCH
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION
COPY linux/$TARGETARCH/hello /usr/bin/
COPY --chown=65532:65532 etc /etc/hello
USER 65532:65532
WORKDIR /var/lib/hello
ENTRYPOINT ["/usr/bin/hello"]
`,

  created: 1_765_000_000,
};

export interface AssemblyOptions {
  platform?: string;
  /** Text of the Dockerfile. */
  text?: string;
  base?: BaseImage;
}

/** Assembles one platform of the files in a directory. */
export async function assemble(directory: string, options: AssemblyOptions = {}): Promise<AssembledVariant> {
  const { platform = "linux/amd64", text = release.dockerfile, base } = options;
  return assembleVariant({
    dockerfile: parseDockerfile(text, "Dockerfile.release"),
    context: openContext(directory, "Dockerfile.release"),
    target: {
      platform: parsePlatform(platform),
      buildArgs: { VERSION: "1.2.3", ...(base === undefined ? {} : { BASE: "example.test/base" }) },
    },
    openImage: async (reference) => {
      if (base === undefined) throw new Error(`${reference} is not to be opened.`);
      return base;
    },
    created: release.created,
    workspace: makeTemporaryDirectory().path,
  });
}
