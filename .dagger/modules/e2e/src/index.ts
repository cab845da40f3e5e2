/** Tests of Slipway on a real engine: the functions as a user calls them, with a real registry and real tools. */
import {
  argument,
  type Container,
  type Directory,
  dag,
  type File,
  func,
  object,
  type Service,
  SlipwayBuilder,
  SlipwayReportFormat,
} from "@dagger.io/dagger";
import { makeCertificate } from "./certificate.js";
import { tryExamples } from "./examples.js";
import { expectEqual, expectFailure, expectMatch } from "./expect.js";
import { forge, forgeState, forgeToken } from "./forge.js";
import { makeKeyPair } from "./key-pair.js";
import { mirrorMise } from "./mirror.js";
import { countUploads, registry } from "./registry.js";
import { asRepository, goToolbox, outputOf } from "./toolbox.js";

// A loopback name, since the engine speaks plain HTTP to no other without a setting of its own.
const host = "localhost:5000";
const repository = `${host}/acme/ci`;
const otherHost = "localhost:5001";

// Where GoReleaser lays the binaries of the project.
const amd64 = "hello_linux_amd64_v1/hello";
const arm64 = "hello_linux_arm64_v8.0/hello";

/** A Dockerfile that compiles the project on the machine, for the platform that is built. */
const containerfile = (baseImage: string) => `FROM --platform=$BUILDPLATFORM ${baseImage} AS build
WORKDIR /src
COPY . .
ARG TARGETARCH VERSION
RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -ldflags "-X main.version=$VERSION" -o /hello .

FROM scratch
COPY --from=build /hello /hello
ENTRYPOINT ["/hello"]
`;

/** User e2e with the password "correct", as bcrypt. */
const account = "e2e:$2b$04$GFxijs9m4OZfLZMLyhVms.WnVhzaLMGt5Lxa8sgLZfoeWPrLN4Uz6\n";

/** What a test changes of the settings that work on this machine. */
interface Settings {
  ciImage?: object;
  buildArgs?: Record<string, string>;
  network?: object;
  release?: object;
}

@object()
export class E2e {
  project: Directory;
  projects: Directory;
  baseImage: string;
  alpine: string;
  mise?: File;
  registryImage?: string;

  /**
   * @param project The Go project that the functions are called for.
   * @param projects The examples that the documentation has, which are called for as well.
   * @param baseImage Base of the CI image, and of the programs of these tests.
   * @param alpine Alpine release of the base image.
   * @param mise Binary of mise to serve as a mirror, where its releases cannot be reached.
   * @param registryImage Image of the registry for rehearsals, where the default cannot be reached.
   */
  constructor(
    @argument({ defaultPath: "/test/fixtures/go-project" }) project: Directory,
    @argument({ defaultPath: "/examples" }) projects: Directory,
    baseImage = "golang:1.25.5-alpine3.23",
    alpine = "3.23",
    mise?: File,
    registryImage?: string,
  ) {
    this.project = project;
    this.projects = projects;
    this.baseImage = baseImage;
    this.alpine = alpine;
    if (mise !== undefined) this.mise = mise;
    if (registryImage !== undefined) this.registryImage = registryImage;
  }

  /** The CI image: verified, published, found again without a transfer, rolled back. */
  @func({ cache: "never" })
  async ciImage(): Promise<string> {
    const service = await registry(this.toolbox()).start();
    const slipway = dag.slipway({ source: await this.source() }).withRegistryService(host, service);
    const verified = await slipway.verifyCiImage();
    expectMatch("verify-ci-image", verified, /golangci-lint \| 2\.7\.2 \| 2\.7\.2 \| yes/);
    expectMatch("its size", verified, /uncompressed size \| at most 242\.1 MB, 70 % less .* \| yes/);
    expectMatch(
      "the tools beside it",
      verified,
      /A job pulls: test .*; lint .*\(the image \+ golangci-lint\)/,
    );

    const first = await slipway.publishCiImage();
    expectMatch("first publish-ci-image", first, /\| pushed, [\d.]+ MB sent/);
    expectMatch("its tools", first, /\| goreleaser \| localhost:5000\/acme\/ci \| pushed, /);
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
    // A version of mise that does not exist: whatever was built with it would fail.
    const pulling = dag
      .slipway({ source: await this.source({ ciImage: { mise: { version: "2020.1.1" } } }) })
      .withRegistryService(host, service);
    expectMatch(
      "lint in it, with the tool that is published",
      await pulling.lint({ ciImage: `${repository}:${tag}` }),
      /0 issues/,
    );
    await expectFailure(
      "a build that is published, which takes no tool from there",
      () => pulling.build({ ciImage: `${repository}:${tag}`, isolated: true }).sync(),
      /does mise 2020\.1\.1 exist there\?/,
    );
    return [verified, first, second, rolledBack].join("\n");
  }

  /** Lint, test, build and the module cache of the project, each in the CI image; failures show their own output. */
  @func({ cache: "never" })
  async goStages(): Promise<string> {
    const source = await this.source();
    const slipway = dag.slipway({ source });
    expectMatch("lint", await slipway.lint(), /0 issues/);
    expectMatch("test", await slipway.test(), /ok .*example\.com/);
    const tested = slipway.testReport({ coverageMinimum: 100 });
    expectMatch(
      "output of test-report",
      await tested.file("output.txt").contents(),
      /ok .*total:\t\(statements\)/s,
    );
    expectEqual("exit-code of test-report", await tested.file("exit-code").contents(), "1\n");
    expectMatch("junit.xml", await tested.file("junit.xml").contents(), /<testcase .*name="TestRun"/);
    expectMatch("coverage.xml", await tested.file("coverage.xml").contents(), /filename="main\.go"/);
    const linted = slipway.lintReport();
    expectEqual("exit-code of lint-report", await linted.file("exit-code").contents(), "0\n");
    expectMatch("lint.sarif", await linted.file("lint.sarif").contents(), /"version": ?"2\.1\.0"/);
    expectMatch("code-quality.json", await linted.file("code-quality.json").contents(), /^\[\]/);
    const flaw = 'package main\n\nimport "os"\n\nfunc init() { os.Remove("x") }\n';
    const flawed = dag
      .slipway({ source: source.withNewFile("flaw.go", flaw) })
      .lintReport({ pathPrefix: "./tool/" });
    expectMatch(
      "paths in lint.sarif",
      await flawed.file("lint.sarif").contents(),
      /"uri": ?"tool\/flaw\.go"/,
    );
    const quality = await flawed.file("code-quality.json").contents();
    expectMatch("paths in code-quality.json", quality, /"path": ?"tool\/flaw\.go"/);
    const binaries = await slipway.build().glob("**/hello");
    expectEqual("binaries of the snapshot", binaries.length, 2);
    const released = await slipway.build({ release: true }).file("metadata.json").contents();
    expectMatch("build --release", released, /"version": ?"1\.2\.3"/);

    const plain = dag.slipway({ source: source.withoutFile(".goreleaser.yaml") }).build();
    expectEqual(
      "binaries without a configuration of GoReleaser",
      (await plain.entries()).join(),
      "checksums.txt,hello-linux-amd64,hello-linux-arm64",
    );
    const said = await outputOf(
      this.toolbox().withFile("/hello", plain.file("hello-linux-amd64")),
      "/hello --version",
    );
    expectMatch("the version of one of them", said, /1\.2\.3/);

    expectMatch("ci", await slipway.ci(), /\| lint \| passed .*\| test \| passed .*\| build \| passed /s);
    // Beside the file that the CI image is made of.
    const tasks = `[tasks."ci:greet"]
run = 'printf "%s %s " "$GREETING" "$(printf %s "$TOKEN" | wc -c)" > greeting.txt; wget -q -O- http://registry:5000/v2/; golangci-lint --version; finish() { printf %s "$1" >> greeting.txt; exit "$END"; }; finish'
`;
    const worker = dag
      .slipway({ source: source.withNewFile("mise.toml", tasks) })
      .withSecretEnv("TOKEN", dag.setSecret("token-of-a-task", "twelve chars"))
      .withService("registry", await registry(this.toolbox()).start());
    const worked = worker.run("ci:greet", { env: ["GREETING=hello", "END=0"], args: ["world"] });
    expectMatch("output of run", await worked.stdout(), /^\{\}.*golangci-lint has version/s);
    expectEqual("file of run", await worked.file("greeting.txt").contents(), "hello 12 world");
    const failed = { env: ["GREETING=bye", "END=7"] };
    await expectFailure("a task that fails", () => worker.run("ci:greet", failed).sync(), /exit code: 7/);
    const kept = worker.run("ci:greet", { ...failed, allowFailure: true });
    expectEqual("exit code of a task that fails", await kept.exitCode(), 7);
    expectMatch("its file", await kept.file("greeting.txt").contents(), /^bye 12 /);

    const modules = slipway.moduleCache();
    const ciImage = slipway.buildCiImage();
    expectMatch("test with the exported module cache", await slipway.test({ moduleCache: modules }), /ok /);
    expectMatch("tools", await ciImage.withExec(["mise", "--version"]).stdout(), /^\d+\.\d+\.\d+/);
    const unlicensed = await outputOf(
      ciImage,
      `for tool in /opt/slipway/*; do find "$tool" -name "LICEN[CS]E*" | grep -q . || echo "$tool"; done`,
    );
    expectEqual("tools without their licence", unlicensed, "");
    const trusted = await outputOf(ciImage, "env | grep -c MISE_TRUSTED_CONFIG_PATHS || true");
    expectEqual("paths that mise trusts in the image", trusted, "0\n");

    const githubToken = dag.setSecret("a-token-of-the-command-line", "not a real token");
    const withToken = dag.slipway({ source, githubToken }).buildCiImage();
    const leaks = await outputOf(
      withToken,
      "env | grep -c GITHUB_TOKEN || true; ls /run/secrets 2>/dev/null | wc -l",
    );
    expectEqual("traces of the GitHub token in the image", leaks, "0\n0\n");

    const broken = dag.slipway({
      source: source.withNewFile("main_test.go", "package main\n\nfunc TestX() {}\n"),
    });
    await expectFailure("test of a project that does not compile", () => broken.test(), /exit code: 1/);
    await expectFailure("ci of it", () => broken.ci(), /test:\n.*wrong signature.*\*\*failed\*\*/s);
    const reported = broken.testReport();
    expectEqual("exit-code where it does not compile", await reported.file("exit-code").contents(), "1\n");
    expectMatch("its junit.xml", await reported.file("junit.xml").contents(), /name="package"/);
    return `${binaries.join("\n")}\n${released}`;
  }

  /** A release page at a stand-in for GitLab, with its token and without: GoReleaser's own, and that of binaries. */
  @func({ cache: "never" })
  async forgeRelease(): Promise<string> {
    const service = await forge(this.toolbox()).start();
    const api = `http://${await service.hostname()}/api/v4`;
    const gitlab = `gitlab_urls:
  api: ${api}
  use_package_registry: true
release:
  gitlab:
    owner: acme
    name: hello
`;
    const config = await this.project.file(".goreleaser.yaml").contents();
    const project = this.project.withNewFile(
      ".goreleaser.yaml",
      `${config.replace(/^release:\n.*$/ms, "")}${gitlab}`,
    );
    const slipway = dag.slipway({ source: await this.source({}, undefined, project) });
    const published = () =>
      slipway
        .withSecretEnv("GITLAB_TOKEN", dag.setSecret("token-of-a-forge", forgeToken))
        .build({ publish: true })
        .file("artifacts.json")
        .contents();
    await expectFailure(
      "a release without a token",
      () => slipway.build({ publish: true }).sync(),
      /exit code: 1/,
    );
    expectMatch("artifacts of the release", await published(), /"type":"Checksum"/);
    const first = await forgeState(service);
    expectMatch("what the forge has", first, /"links":[1-9].*"releases":\{"acme\/hello v1\.2\.3":1\}/);
    expectMatch("artifacts of a repeat", await published(), /"type":"Checksum"/);
    expectEqual("what the forge has after it", await forgeState(service), first);
    return this.programRelease(service);
  }

  /** Binaries without GoReleaser, twice: the second uploads nothing. */
  private async programRelease(service: Service): Promise<string> {
    const forgeHost = await service.hostname();
    const source = await this.source(
      { network: { plainHttp: [forgeHost] } },
      undefined,
      this.project.withoutFile(".goreleaser.yaml"),
    );
    const config = await source.file(".git/config").contents();
    const slipway = dag
      .slipway({
        source: source.withNewFile(
          ".git/config",
          config.replace("https://example.com/acme/hello", `http://${forgeHost}/acme/plain`),
        ),
      })
      .withSecretEnv("GITLAB_TOKEN", dag.setSecret("token-of-a-forge", forgeToken));
    await slipway.build({ publish: true }).sync();
    await slipway.build({ publish: true }).sync();
    const state = await forgeState(service);
    expectMatch("the release of binaries", state, /"acme\/plain v1\.2\.3":1/);
    expectMatch("its files", state, /"acme\/plain checksums\.txt":1,"acme\/plain hello-linux-amd64":1/);
    return state;
  }

  /** What GoReleaser built, into two registries: published, found again, refused where it changed, cleaned up. */
  @func({ cache: "never" })
  async releases(): Promise<string> {
    const services = [
      await registry(this.toolbox()).start(),
      await registry(this.toolbox()).start(),
    ] as const;
    const [one, other] = [`${host}/acme/hello`, `${otherHost}/acme/mirror`];
    const release = {
      repositories: [{ repository: one }, { repository: other, latest: "highest" }],
      ...(this.registryImage && { rehearsalRegistry: this.registryImage }),
    };
    const slipway = dag
      .slipway({ source: await this.source({ release }) })
      .withRegistryService(host, services[0])
      .withRegistryService(otherHost, services[1]);
    const uploads = async () => (await Promise.all(services.map(countUploads))).join();
    const binaries = await slipway.build({ release: true }).sync();
    const [version, main] = ["refs/tags/v1.2.3", "refs/heads/main"];

    expectMatch("plan", await slipway.plan(version, { binaries }), /acme\/mirror \| latest \| create/);
    expectEqual("uploads after the plan", await uploads(), "0,0");
    const first = await slipway.release(version, { binaries });
    expectMatch("first release", first, /\| pushed, [^\n]*\n[^\n]*\| pushed, /);
    const sent = await uploads();
    expectMatch("uploads after the first release", sent, /^[1-9]\d*,[1-9]\d*$/);
    const second = await slipway.release(version, { binaries });
    expectMatch("second release", second, /\| existed \|[^\n]*\n[^\n]*\| existed \|/);

    const changed = binaries.withFile(
      arm64,
      this.toolbox()
        .withFile("/hello", binaries.file(arm64))
        .withExec(["sh", "-c", "printf x >> /hello"])
        .file("/hello"),
    );
    const conflict = await expectFailure(
      "release of a changed binary",
      () => slipway.release(version, { binaries: changed }),
      /:1\.2\.3: exists as sha256:\w+ and holds the image linux\/amd64 sha256:\w+, linux\/arm64 (sha256:\w+); to be published is linux\/amd64 sha256:\w+, linux\/arm64 (?!\1)sha256:/,
    );
    const swapped = binaries.withFile(arm64, binaries.file(amd64));
    const refusal = await expectFailure(
      "release with the binary of another platform",
      () => slipway.release(version, { binaries: swapped }),
      /linux\/arm64\/hello: machine: expected an ELF program for arm64, got amd64/,
    );
    await expectFailure("removal of a stable version", () => slipway.removeTag("v1.2.3"), /pre-release/);

    const former = await slipway.release(main, { binaries, format: SlipwayReportFormat.Dotenv });
    await slipway.release(main, { binaries: changed });
    // Both images have the manifest for amd64: it stays.
    const digests = [/^DIGEST=(\S+)$/m.exec(former)?.[1] ?? ""];
    // The image, its platform, and what is attached to both, each with the list of it.
    expectMatch("prune", await slipway.prune({ digests }), /6 of 24 manifests would go; nothing was removed/);
    const pruned = await slipway.prune({ digests, confirm: true });
    expectMatch("prune --confirm", pruned, /6 deleted/);
    for (const reference of [`${one}:latest`, `${one}:1.2.3`, `${other}:latest`])
      expectMatch(`verify-image ${reference}`, await slipway.verifyImage(reference), /is whole/);

    const rehearsed = await slipway.rehearse({ binaries, ref: version });
    expectMatch("rehearse", rehearsed, /the second release, 0\.0 MB sent/);
    return [first, second, conflict, refusal, pruned].join("\n");
  }

  /** What is attached to a release: signed with a key, found again, read back, and refused by another key. */
  @func({ cache: "never" })
  async attested(): Promise<string> {
    const service = await registry(this.toolbox()).start();
    const released = `${host}/acme/hello`;
    const reference = `${released}:1.2.3`;
    const source = await this.source({ release: { repositories: [{ repository: released }] } });
    const slipway = dag.slipway({ source }).withRegistryService(host, service);
    const [own, other] = [makeKeyPair(), makeKeyPair()];
    const signing = slipway.withSigningKey(dag.setSecret("signing-key", own.privateKey));
    const binaries = await slipway.build({ release: true }).sync();
    const ref = "refs/tags/v1.2.3";

    const first = await slipway.release(ref, { binaries });
    expectMatch(
      "documents of the first release",
      first,
      /SBOM \(SPDX\) of linux\/amd64, linux\/arm64; provenance \| no/,
    );
    expectMatch("why it is unsigned", first, /Unsigned: neither with-signing-key nor with-identity-token/);
    const signed = await signing.release(ref, { binaries });
    expectMatch("documents of the signed release", signed, /; provenance; signature \| yes/);
    expectMatch("who signed", signed, /Signed by the key sha256:[0-9a-f]{64}/);
    const sent = await countUploads(service);
    const again = await signing.release(ref, { binaries });
    expectMatch(
      "documents of the third release",
      again,
      /provenance \(existed\); signature \(existed\) \| yes/,
    );
    expectEqual("uploads of the third release", await countUploads(service), sent);

    const verified = await slipway.verifyImage(reference, { signedBy: own.publicKey });
    expectMatch("verify-image", verified, /signature \| the key sha256:/);
    await expectFailure(
      "verification with another key",
      () => slipway.verifyImage(reference, { signedBy: other.publicKey }),
      /no signature holds/,
    );
    const options = { platform: "linux/arm64", signedBy: own.publicKey };
    const sbom = await slipway.sbom(reference, options).contents();
    expectMatch("form of the SBOM", sbom, /"spdxVersion": "SPDX-2\.3"/);
    expectMatch("what it lists", sbom, /pkg:golang\/stdlib@1\.25\.5/);
    await expectFailure(
      "a key with a wrong password",
      () => slipway.withSigningKey(dag.setSecret("no-key", "x")).release(ref, { binaries }),
      /key/,
    );
    return [first, signed, again, verified].join("\n");
  }

  /** A release in three stages: each platform compiled by the engine, joined, and joined again without a transfer. */
  @func({ cache: "never" })
  async threeStages(): Promise<string> {
    const service = await registry(this.toolbox()).start();
    const released = `${host}/acme/hello`;
    const release = { dockerfile: "Containerfile", repositories: [{ repository: released }] };
    const source = (await this.source({ release })).withNewFile(
      release.dockerfile,
      containerfile(this.baseImage),
    );
    const slipway = dag.slipway({ source }).withRegistryService(host, service);
    const ref = "refs/tags/v1.2.3";
    const build = (architecture: string) =>
      slipway.buildPlatform(`linux/${architecture}`, ref, { builder: SlipwayBuilder.Engine });
    const archives = await dag
      .directory()
      .withFile("amd64.tar", build("amd64"))
      .withFile("image-arm64/arm64.tar", build("arm64"))
      .sync();

    await expectFailure(
      "join without a platform",
      () => slipway.join(archives.withoutDirectory("image-arm64"), ref),
      /linux\/arm64: no archive; there are amd64\.tar for linux\/amd64/,
    );
    const first = await slipway.join(archives, ref);
    expectMatch("first join", first, /\| pushed, [\d.]+ MB sent/);
    const uploads = await countUploads(service);
    const second = await slipway.join(archives, ref);
    expectMatch("second join", second, /\| existed \|/);
    expectEqual("uploads after the second join", await countUploads(service), uploads);

    const verified = await slipway.verifyImage(`${released}:1.2.3`);
    expectMatch("verify-image", verified, /linux\/amd64 .*\n.*linux\/arm64 /);
    return [first, second, verified].join("\n");
  }

  /** A registry whose certificate only the settings' authority vouches for. */
  @func({ cache: "never" })
  async privateCa(): Promise<string> {
    const secureHost = "registry.example:5000";
    const tls = makeCertificate(this.toolbox(), "registry.example");
    const service = await registry(this.toolbox(), { tls }).start();
    const ciImage = { repositories: [`${secureHost}/acme/ci`] };
    const stranger = dag
      .slipway({ source: await this.source({ ciImage }) })
      .withRegistryService(secureHost, service);
    await expectFailure("publish without the authority", () => stranger.publishCiImage(), /certificate/);

    const settings = { ciImage, network: { caFile: "ca.pem" } };
    const trusting = await this.source(settings, tls.file("cert.pem"));
    const slipway = dag.slipway({ source: trusting }).withRegistryService(secureHost, service);
    const published = await slipway.publishCiImage();
    expectMatch("publish with the authority", published, /\| pushed, [\d.]+ MB sent/);
    return published;
  }

  /** The examples: checked, built and released twice, each by its own settings. */
  @func({ cache: "never" })
  async examples(): Promise<string> {
    const rehearsal = this.registryImage && { rehearsalRegistry: this.registryImage };
    // The tools come through the Go proxy, which is all that some machines reach.
    const tools = this.project.directory(".mise");
    return tryExamples({
      examples: this.projects,
      toolbox: this.toolbox(),
      asSource: (example, release, tag) =>
        this.source(
          { release: { ...release, ...rehearsal } },
          undefined,
          example.withDirectory(".mise", tools),
          tag,
        ),
    });
  }

  /** Bad input: one error each, which names what was given. */
  @func({ cache: "never" })
  async badInput(): Promise<string> {
    const password = "wrong-password";
    const guarded = await registry(this.toolbox(), { htpasswd: account }).start();
    const published = async (settings: Settings) =>
      dag.slipway({ source: await this.source(settings) }).publishCiImage();
    const signedIn = async () =>
      dag
        .slipway({ source: await this.source() })
        .withRegistryService(host, guarded)
        .withRegistryAuth(host, "e2e", dag.setSecret("e2e-password", password))
        .publishCiImage();
    const cases: [string, () => Promise<unknown>, RegExp][] = [
      [
        "unknown registry host",
        () => published({ ciImage: { repositories: ["registry.invalid/acme/ci"] } }),
        /registry\.invalid\/acme\/ci.*the host name is unknown/,
      ],
      ["wrong credentials", signedIn, /answered 401.*Check user name and token for localhost:5000/],
      [
        "malformed reference",
        () => published({ ciImage: { repositories: ["ghcr.io/Acme/ci"] } }),
        /slipway\.json: ciImage\.repositories\[0\]: expected a repository path in lower case, got "ghcr\.io\/Acme\/ci"/,
      ],
      [
        "missing base image",
        () => published({ buildArgs: { BASE_IMAGE: "golang:0.0.0-none" } }),
        /base image: expected an image that the engine can pull, got "golang:0\.0\.0-none"/,
      ],
      [
        "setting of a wrong type",
        () => published({ ciImage: { platforms: "linux/amd64" } }),
        /slipway\.json: ciImage\.platforms: expected an array, got "linux\/amd64"/,
      ],
      [
        "mise version that does not exist",
        async () => {
          const source = await this.source({ ciImage: { mise: { version: "2020.1.1" } } });
          await dag.slipway({ source }).buildCiImage().sync();
        },
        /Dockerfile\.ci: .*2020\.1\.1.* could not be downloaded; does mise 2020\.1\.1 exist there\?/,
      ],
    ];
    const messages: string[] = [];
    for (const [name, attempt, pattern] of cases) {
      const message = await expectFailure(name, attempt, pattern);
      if (message.includes(password)) throw new Error(`${name}: the message holds the password`);
      messages.push(`${name}: ${message}`);
    }
    return `${messages.join("\n")}\n`;
  }

  private toolbox(): Container {
    return goToolbox(this.baseImage);
  }

  /** The fixture as a repository, with settings that work on this machine and what a test changes of them. */
  private async source(
    { ciImage, buildArgs, network, release }: Settings = {},
    ca?: File,
    of = this.project,
    tag = "v1.2.3",
  ): Promise<Directory> {
    const mirror = this.mise === undefined ? undefined : await mirrorMise(this.toolbox(), this.mise);
    const config = {
      ciImage: {
        repositories: [repository],
        alpine: this.alpine,
        buildArgs: {
          BASE_IMAGE: this.baseImage,
          ...(mirror && { MISE_DOWNLOAD: `http://${await mirror.service.hostname()}` }),
          ...buildArgs,
        },
        ...(mirror && { mise: { version: mirror.version, sha256: { "linux/amd64": mirror.sha256 } } }),
        ...ciImage,
      },
      ...(network && { network }),
      ...(release && { release }),
      retry: { baseSeconds: 1 },
    };
    const project = of.withNewFile("slipway.json", JSON.stringify(config));
    return asRepository(this.toolbox(), ca === undefined ? project : project.withFile("ca.pem", ca), tag);
  }
}
