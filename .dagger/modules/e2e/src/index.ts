/** Tests of Slipway on a real engine: the functions as a user calls them, with a real registry and real tools. */
import { argument, type Container, type Directory, dag, type File, func, object } from "@dagger.io/dagger";
import { expectEqual, expectFailure, expectMatch } from "./expect.js";
import { mirrorMise } from "./mirror.js";
import { countUploads, registry } from "./registry.js";
import { asRepository, goToolbox } from "./toolbox.js";

const host = "registry.example:5000";
const repository = `${host}/acme/ci`;

@object()
export class E2e {
  project: Directory;
  baseImage: string;
  alpine: string;
  mise?: File;

  /**
   * @param project The Go project that the functions are called for.
   * @param baseImage Base of the CI image, and of the programs of these tests.
   * @param alpine Alpine release of the base image.
   * @param mise Binary of mise to serve as a mirror, where its releases cannot be reached.
   */
  constructor(
    @argument({ defaultPath: "/test/fixtures/go-project" }) project: Directory,
    baseImage = "golang:1.25.5-alpine3.23",
    alpine = "3.23",
    mise?: File,
  ) {
    this.project = project;
    this.baseImage = baseImage;
    this.alpine = alpine;
    if (mise !== undefined) this.mise = mise;
  }

  /** The CI image: verified, published, found again without a transfer, rolled back. */
  @func({ cache: "never" })
  async ciImage(): Promise<string> {
    const service = await registry(this.toolbox()).start();
    const slipway = dag.slipway({ source: await this.source() }).withRegistryService(host, service);
    const verified = await slipway.verifyCiImage();
    expectMatch("verify-ci-image", verified, /golangci-lint \| 2\.7\.2 \| 2\.7\.2 \| yes/);

    const first = await slipway.publishCiImage();
    expectMatch("first publish-ci-image", first, /\| pushed, [\d.]+ MB sent/);
    const uploads = await countUploads(service);
    if (uploads === 0) throw new Error("the registry counted no upload in the first publish-ci-image");
    const second = await slipway.publishCiImage();
    expectMatch("second publish-ci-image", second, /\| existed \|/);
    expectEqual("uploads after the second publish-ci-image", await countUploads(service), uploads);

    const tag = /\d+\.\d+\.\d+-alpine[\d.]+-[0-9a-f]{8}/.exec(first)?.[0] ?? "";
    const rolledBack = await slipway.rollbackCiImage(tag, { aliases: ["stable"] });
    expectMatch("rollback-ci-image", rolledBack, /stable moved/);
    expectEqual("uploads after rollback-ci-image", await countUploads(service), uploads);
    await expectFailure(
      "rollback to a tag that does not exist",
      () => slipway.rollbackCiImage("nothing"),
      /404/,
    );

    const job = dag.slipway({ source: await this.source() }).withRegistryService(host, service);
    expectMatch(
      "test in the published image",
      await job.test({ ciImage: `${repository}:${tag}` }),
      /ok .*example\.com/,
    );
    return [verified, first, second, rolledBack].join("\n");
  }

  private toolbox(): Container {
    return goToolbox(this.baseImage);
  }

  /** The fixture as a repository, with settings for this machine. */
  private async source(settings: object = {}): Promise<Directory> {
    const mirror = this.mise === undefined ? undefined : await mirrorMise(this.toolbox(), this.mise);
    const buildArgs = {
      BASE_IMAGE: this.baseImage,
      ...(mirror && { MISE_DOWNLOAD: `http://${await mirror.service.hostname()}` }),
    };
    const mise = mirror && { version: mirror.version, sha256: { "linux/amd64": mirror.sha256 } };
    const config = {
      ciImage: { repositories: [repository], alpine: this.alpine, buildArgs, ...(mise && { mise }) },
      network: { plainHttp: [host] },
      retry: { baseSeconds: 1 },
      ...settings,
    };
    const project = this.project.withNewFile("slipway.json", JSON.stringify(config));
    return asRepository(this.toolbox(), project, "v1.2.3");
  }
}
