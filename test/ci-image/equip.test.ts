import type { Container, Directory } from "@dagger.io/dagger";
import { describe, expect, it } from "vitest";
import { type Equipment, equip, findTool, layTools } from "../../src/ci-image/equip.js";
import { describeTool } from "../../src/ci-image/image.js";
import { publishTools } from "../../src/ci-image/publish.js";
import { installsPath, toolPath } from "../../src/ci-image/tools.js";
import type { Project } from "../../src/project.js";
import { buildImage } from "../support/ci-image.js";
import { clientSettings, makeClient } from "../support/client.js";
import type { ProxiedRegistry } from "../support/proxied-registry.js";
import { recordContainer } from "../support/recorded-container.js";
import { useRegistryPair } from "../support/registry-pair.js";

const image = describeTool({
  name: "golangci-lint",
  version: "2.7.2",
  request: [],
  dockerfile: Buffer.from("FROM golang\n"),
  buildArgs: {},
  platforms: ["linux/amd64", "linux/arm64"],
});
const built = buildImage(image);

let first: ProxiedRegistry;
let second: ProxiedRegistry;

useRegistryPair((...pair) => {
  [first, second] = pair;
});

/** How an image is asked what it lacks. */
const question = (names: string[]) =>
  `sh -c for tool; do command -v "$tool" > /dev/null || test -e "${toolPath("$tool")}" || echo "$tool"; done sh ${names.join(" ")}`;

const publishTo = (repository: ReturnType<ProxiedRegistry["repository"]>) =>
  publishTools({ client: makeClient(), repositories: [repository], now: () => 0, firstPublish: false }, [
    { name: "golangci-lint", image, build: async () => built },
  ]);

describe("a tool that is published", () => {
  it("is found by its identity, in the first repository that has it, by digest", async () => {
    const repositories = [first.repository(), second.repository()];
    expect(await findTool(makeClient(), repositories, image)).toBeUndefined();
    const [published] = await publishTo(repositories[1] as (typeof repositories)[0]);
    expect(published).toMatchObject({
      name: "golangci-lint",
      outcomes: [{ ok: true, how: "pushed", tag: image.tag, aliases: [] }],
    });
    const { registry, path } = repositories[1] as (typeof repositories)[0];
    const reference = `${registry}/${path}@${built.index.descriptor.digest}`;
    expect(await findTool(makeClient(), repositories, image)).toBe(reference);
    expect(await publishTo(repositories[1] as (typeof repositories)[0])).toMatchObject([
      { outcomes: [{ how: "existed", transfer: { bytesSent: 0 } }] },
    ]);
  });

  it("is not taken for another one under its tag", async () => {
    const repository = first.repository();
    const other = { ...image, labels: { ...image.labels, "dev.slipway.ci-image.identity": "0" } };
    await publishTools(
      { client: makeClient(), repositories: [repository], now: () => 0, firstPublish: false },
      [{ name: "golangci-lint", image: { ...other, identity: "0" }, build: async () => buildImage(other) }],
    );
    expect(await findTool(makeClient(), [repository], image)).toBeUndefined();
  });

  it("is built where a repository cannot be read", async () => {
    first.proxy.setFault(() => ({ kind: "answer", status: 403 }));
    expect(await findTool(makeClient(), [first.repository()], image)).toBeUndefined();
  });
});

describe("a tool that the image of a job lacks", () => {
  /** What a job gets of a tool that is published in the first registry: what was pulled, or that it was built. */
  async function got(changes: Partial<Equipment>): Promise<string> {
    const repository = first.repository();
    await publishTo(repository);
    const pulled: string[] = [];
    const { container } = recordContainer({ [question(["golangci-lint"])]: "golangci-lint\n" });
    const project = {
      settings: { ciImage: { repositories: [repository] } },
      registries: clientSettings,
      pull: (reference: string) => {
        pulled.push(reference);
        return container;
      },
    } as unknown as Project;
    const build = async () => {
      throw new Error("built");
    };
    const planned = [{ name: "golangci-lint", image, build, assemble: build }];
    return equip(project, container, { tools: ["golangci-lint"], planned, ...changes }).then(
      () => pulled.join().replace(/^.*@/, ""),
      (error: Error) => error.message,
    );
  }

  it("is the published one", async () => {
    expect(await got({})).toBe(built.index.descriptor.digest);
  });

  it("is built for what is published, whoever has put one there", async () => {
    expect(await got({ isolated: true })).toBe("built");
  });
});

describe("the image of a job", () => {
  const project = {} as Project;

  it("is asked nothing where the job calls no tool", async () => {
    const { container, calls } = recordContainer();
    expect(await equip(project, container, { tools: [] })).toBe(container);
    expect(calls).toEqual([]);
  });

  it("keeps the tools that it has inside", async () => {
    const tools = ["golangci-lint", "goreleaser"];
    const { container, calls } = recordContainer({ [question(tools)]: "" });
    await equip(project, container, { tools });
    expect(calls.map(([method]) => method).filter((method) => method !== "stderr")).toEqual([
      "sync",
      "withExec",
    ]);
  });

  it("gets a tool in a directory of its own, behind all that its PATH has", () => {
    const { container, calls } = recordContainer();
    const directory = {} as Directory;
    layTools(container, [
      { name: "mise", directory },
      { name: "ginkgo", directory },
    ]) satisfies Container;
    expect(calls).toEqual([
      ["withMountedDirectory", "/opt/slipway/mise", directory],
      ["withMountedDirectory", "/opt/slipway/ginkgo", directory],
      [
        "withEnvVariable",
        "PATH",
        "$".concat("{PATH}:/opt/slipway/mise/bin:/opt/slipway/ginkgo/bin"),
        { expand: true },
      ],
    ]);
    expect(installsPath("ginkgo")).toBe("/opt/slipway/ginkgo/installs");
  });
});
