/**
 * The CI image, the checks and the releases of a Go project, written once and run anywhere.
 *
 * Call it from another repository with that repository as the source: dagger call --source . lint
 */
import {
  argument,
  type Container,
  check,
  type Directory,
  dag,
  type File,
  func,
  object,
  type Secret,
  type Service,
} from "@dagger.io/dagger";
import { farewell, initialize } from "./adoption/init.js";
import { readRepositoryFiles } from "./adoption/source.js";
import { attachedOf, signatureText } from "./attest/report.js";
import { assessRollback, reportVerdict } from "./ci-image/assess.js";
import { buildStage as buildCiImage } from "./ci-image/build.js";
import { type CacheKeyEntry, compareCacheKey, renderCacheKey } from "./ci-image/cache-key.js";
import { ciImageDocuments } from "./ci-image/documents.js";
import { type Equipment, equip } from "./ci-image/equip.js";
import { checkPlatform, type ExaminedImage, examineCiImage, examineTool } from "./ci-image/examine.js";
import { readCiImageFiles, toolsFile } from "./ci-image/files.js";
import { chooseMise } from "./ci-image/inputs.js";
import { type CiImagePlan, choosePlatform, planCiImage, targetRepositories } from "./ci-image/plan.js";
import { publishCiImage, publishTools } from "./ci-image/publish.js";
import { reportMise, reportPublication, reportRollback } from "./ci-image/report.js";
import { requireSigned } from "./ci-image/required-signature.js";
import { rollBack } from "./ci-image/rollback.js";
import { installsPath, toolsOfJobs, toolsWithNamed } from "./ci-image/tools.js";
import { reportVerification, requireChecks } from "./ci-image/verification.js";
import { pruneAll } from "./cleanup/prune.js";
import { removeTags } from "./cleanup/remove-tag.js";
import { reportPrune, reportTagRemoval } from "./cleanup/report.js";
import { readPruneRequest } from "./cleanup/request.js";
import type { CleanupTarget } from "./cleanup/target.js";
import { openTarget } from "./cleanup/targets.js";
import { hasAny, readFiles } from "./files.js";
import { type BuildOptions, build, snapshot } from "./go/build.js";
import { reportChecks, runChecks } from "./go/checks.js";
import { publishForgeRelease, readReleaserConfiguration } from "./go/forge-release.js";
import { gitlabReleaseOf } from "./go/gitlab-repeat.js";
import { lint, lintReport } from "./go/lint.js";
import { exportModuleCache } from "./go/module-cache.js";
import { buildProgramRelease, forgeAccess, openProjectForge } from "./go/program-release.js";
import { buildPrograms, compilationOf } from "./go/programs.js";
import type { GoProject } from "./go/project.js";
import { releaserFiles } from "./go/releaser-files.js";
import { parseName, runTask } from "./go/task.js";
import { test, testReport } from "./go/test.js";
import { guarded } from "./guard.js";
import { log } from "./log.js";
import { Phases } from "./phases.js";
import { loadProject, type Project } from "./project.js";
import { distinctRepositories, parseRegistry, parseRepository } from "./registry/reference.js";
import { openAttesting } from "./release/attesting.js";
import { Builder, buildArchive, buildImages } from "./release/builder.js";
import { buildStage } from "./release/engine-build.js";
import {
  describeImage,
  describePlatform,
  describeRelease,
  openPublication,
  readArchives,
} from "./release/input.js";
import { joinArchives } from "./release/join.js";
import { releaseTargets } from "./release/plan.js";
import {
  foresee,
  planRehearsal,
  rehearsalCommit,
  rehearsalHost,
  rehearsalTargets,
  rehearse,
} from "./release/rehearsal.js";
import { startRehearsalRegistry } from "./release/rehearsal-registry.js";
import { pushAccess as askPushAccess, planImages, release, releaseOf } from "./release/release.js";
import { reportPlan } from "./release/report.js";
import { rollBackRelease } from "./release/rollback.js";
import { reportReleaseRollback } from "./release/rollback-report.js";
import { readSbom, verifyReference } from "./release/verified.js";
import { ReportFormat, render } from "./report.js";
import { redact } from "./secrets.js";
import { openSigning, readSignedBy } from "./signing.js";
import { selectRemovable } from "./tags/removal.js";

@object()
@guarded
export class Slipway {
  source: Directory;
  config?: File;
  dockerConfig?: Secret;
  githubToken?: Secret;
  // Side by side, since a Secret or Service inside an object of a list comes back as its bare ID.
  loginAddresses: string[] = [];
  loginUsernames: string[] = [];
  loginSecrets: Secret[] = [];
  routeHosts: string[] = [];
  routeServices: Service[] = [];
  secretNames: string[] = [];
  secretValues: Secret[] = [];
  signingKey?: Secret;
  signingPassword?: Secret;
  identityToken?: Secret;
  identityTokenUrl?: string;
  serviceHosts: string[] = [];
  taskServices: Service[] = [];

  /**
   * @param source The project: its root, with .git. Pass "." from another repository.
   * @param config Settings in place of the source's slipway.json.
   * @param dockerConfig Docker's config.json with the credentials of the registries: file://$HOME/.docker/config.json
   * @param githubToken GitHub token for a higher rate limit when versions are looked up and tools downloaded.
   */
  constructor(
    @argument({ defaultPath: "/", ignore: ["**/node_modules", ".go-mod-cache"] }) source: Directory,
    config?: File,
    dockerConfig?: Secret,
    githubToken?: Secret,
  ) {
    this.source = source;
    if (config !== undefined) this.config = config;
    if (dockerConfig !== undefined) this.dockerConfig = dockerConfig;
    if (githubToken !== undefined) this.githubToken = githubToken;
  }

  /**
   * Adds the credentials of one registry, for all that follows in the call.
   *
   * @param address Host of the registry: ghcr.io, or docker.io for Docker Hub.
   * @param username User name.
   * @param secret Password or token: env://NAME or file://PATH
   */
  @func({ cache: "session" })
  withRegistryAuth(address: string, username: string, secret: Secret): Slipway {
    this.loginAddresses.push(parseRegistry(address, "with-registry-auth --address"));
    this.loginUsernames.push(username);
    this.loginSecrets.push(secret);
    return this;
  }

  /**
   * Lets a service answer for a registry: one in the engine, or one on your machine.
   *
   * The module's container does not see your machine's localhost.
   *
   * @param host Host of the registry as references name it: localhost:5000
   * @param service The registry: tcp://localhost:5000 for one on your machine.
   */
  @func({ cache: "session" })
  withRegistryService(host: string, service: Service): Slipway {
    this.routeHosts.push(parseRegistry(host, "with-registry-service --host"));
    this.routeServices.push(service);
    return this;
  }

  /**
   * Signs what is attached to published images with a key, for all that follows in the call.
   *
   * For closed networks: no service of Sigstore is asked, unless attest.rekor or attest.timestamps name one.
   *
   * @param key Private key in PEM, or one that cosign has encrypted: file://cosign.key
   * @param password Password of the key: env://COSIGN_PASSWORD
   */
  @func({ cache: "session" })
  withSigningKey(key: Secret, password?: Secret): Slipway {
    this.signingKey = key;
    if (password !== undefined) this.signingPassword = password;
    return this;
  }

  /**
   * Signs what is attached to published images as a job of the CI platform, for all that follows in the call.
   *
   * Sigstore certifies the identity that the token names, and the provenance says what it says of the run. GitLab gives
   * the token itself, by id_tokens with the audience sigstore; GitHub gives a token to ask for it with, and where.
   *
   * @param token The token: env://SIGSTORE_ID_TOKEN, or env://ACTIONS_ID_TOKEN_REQUEST_TOKEN
   * @param requestUrl Where GitHub gives the token: $ACTIONS_ID_TOKEN_REQUEST_URL
   */
  @func({ cache: "session" })
  withIdentityToken(token: Secret, requestUrl?: string): Slipway {
    this.identityToken = token;
    if (requestUrl) this.identityTokenUrl = requestUrl;
    return this;
  }

  /**
   * Sets a secret as an environment variable for run and build --publish, which follow it in the call.
   *
   * with-secret-env --name TOKEN --secret env://TOKEN run --task deploy
   *
   * @param name Name of the variable: TOKEN
   * @param secret Its value: env://NAME or file://PATH
   */
  @func({ cache: "session" })
  withSecretEnv(name: string, secret: Secret): Slipway {
    this.secretNames.push(parseName(name, "with-secret-env --name"));
    this.secretValues.push(secret);
    return this;
  }

  /**
   * Lets run find a service under a host name, for all that follows in the call: a database for tests.
   *
   * with-service --host db --service tcp://localhost:5432 run --task test:e2e
   *
   * @param host Host name under which the task finds it: db
   * @param service The service: tcp://localhost:5432 for one on your machine.
   */
  @func({ cache: "session" })
  withService(host: string, service: Service): Slipway {
    this.serviceHosts.push(host);
    this.taskServices.push(service);
    return this;
  }

  /**
   * Gives the files a repository needs to use Slipway, made from what it has: settings, pipelines, and SLIPWAY.md.
   *
   * It reads GoReleaser's dockers, docker_manifests and dockers_v2, workflows with docker/metadata-action and
   * docker/build-push-action, Dockerfiles, go.mod, the versions of tools and the git remote, and writes the same
   * images, tags, platforms, labels and build arguments as slipway.json. SLIPWAY.md says what is not the same, why, and
   * what to do next. A file that is there already is not in the result, so that nothing is overwritten: init export
   * --path .
   *
   * @param env Variables of GoReleaser's templates that are always the same: DOCKERHUB_USERNAME=acme
   */
  @func({ cache: "never" })
  async init(env: string[] = []): Promise<Directory> {
    const [repository, own] = await Promise.all([
      readRepositoryFiles(this.source),
      readFiles(dag.currentModule().source(), [toolsFile]),
    ]);
    const tools = own.get(toolsFile)?.toString("utf8") ?? "";
    const files = initialize(repository, { env, tools });
    log(farewell(files));
    return [...files].reduce((directory, [path, text]) => directory.withNewFile(path, text), dag.directory());
  }

  /**
   * Builds the CI image of one platform, verifies its tools and gives it as a container. Nothing is published.
   *
   * Tools that are images of their own are laid into it, for terminal and what else runs in it; what is exported or
   * published of the container is the image alone.
   *
   * @param platform Platform as os/architecture: linux/arm64. Default: the first one of the settings, on every machine.
   */
  @func({ cache: "never" })
  async buildCiImage(platform?: string): Promise<Container> {
    const plan = await planCiImage(await this.project(), this.githubToken);
    const chosen = choosePlatform(plan.image, platform);
    const { container, checks } = await checkPlatform(plan, chosen, this.githubToken);
    log(requireChecks(checks));
    return container;
  }

  /**
   * Verifies the CI image with the tools of its jobs: the version of each, a static build that runs, and the size.
   *
   * The image is built where it is not built yet. Where a check does not hold, the call fails with the whole report.
   *
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @check()
  @func({ cache: "never" })
  async verifyCiImage(format: ReportFormat = ReportFormat.Markdown): Promise<string> {
    const project = await this.project();
    const plan = await planCiImage(project, this.githubToken);
    const { verifications } = await examineCiImage(project, plan, this.githubToken);
    return render(reportVerification(verifications), format);
  }

  /**
   * Says which version of mise the CI image gets, and which source served.
   *
   * Asked for "latest", it asks GitHub, then mise.jdx.dev, then the published image, and takes the pin where none
   * answers: it fails for bad input only.
   *
   * @param version "latest" or an exact version. Default: what the settings say, else the Dockerfile's pin.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async resolveMise(version?: string, format: ReportFormat = ReportFormat.Markdown): Promise<string> {
    const project = await this.project();
    const files = await readCiImageFiles(project.source, project.settings.ciImage);
    const choice = { wanted: version, githubToken: this.githubToken };
    return render(reportMise(await chooseMise(project, files, choice)), format);
  }

  /**
   * Publishes the CI image and the tools beside it to the repositories of the settings, once they are verified.
   *
   * What is there is neither built nor pulled nor sent again, what only one registry has is copied to the
   * others, and no tag is removed.
   *
   * @param firstPublish For the first push to a repository: take a 401 or 403, which some registries answer while it
   * does not exist, for an empty repository.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async publishCiImage(firstPublish = false, format: ReportFormat = ReportFormat.Markdown): Promise<string> {
    const project = await this.project();
    const repositories = targetRepositories(project);
    const phases = new Phases(project.now);
    const signing = await openSigning(project);
    const plan = await phases.during("planning", () => planCiImage(project, this.githubToken));
    const documentsOf = ciImageDocuments(project, plan, repositories, signing);
    const publication = {
      client: project.client(repositories),
      repositories,
      now: project.now,
      firstPublish,
    };
    const tools = await phases.during("publishing", () =>
      publishTools(
        publication,
        plan.tools.map((tool) => ({
          ...tool,
          documents: documentsOf(tool.image),
          build: () => phases.during("build", () => examineTool(project, plan, tool, this.githubToken)),
        })),
      ),
    );
    // Its aliases move last: whoever follows them finds the tools.
    const outcomes = await phases.during("publishing", () =>
      publishCiImage({
        ...publication,
        image: plan.image,
        documents: documentsOf(plan.image),
        build: () => phases.during("build", () => this.verifiedImage(project, plan)),
      }),
    );
    const signature = await signatureText(signing, attachedOf(outcomes));
    return render(reportPublication(outcomes, tools, phases.durations, signature), format);
  }

  /**
   * Points tags of the CI image, as latest, at an earlier image, without a build.
   *
   * rollback-ci-image --tag 2026.9.15-alpine3.23-1a2b3c4d --aliases latest,2026.9.15
   *
   * The earlier image is read back whole first. Where a tag to be moved holds an image that Slipway did not make, that
   * image is kept under a second name.
   *
   * @param tag The earlier tag, from the report of publish-ci-image: 2026.9.15-alpine3.23-1a2b3c4d
   * @param aliases Tags to move: latest,2026.9.15
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async rollbackCiImage(
    tag: string,
    aliases: string[] = ["latest"],
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const repositories = targetRepositories(project);
    const outcomes = await rollBack(project.client(repositories), repositories, tag, aliases);
    return render(reportRollback(outcomes), format);
  }

  /**
   * Says from figures whether a new CI image is to be rolled back.
   *
   * It is where more than 5 % of pulls failed, where there was any tool error, or where builds take more than 20 %
   * longer; one is enough. Leave out what was not observed.
   *
   * @param pulls Pulls of the image.
   * @param pullFailures Pulls that failed.
   * @param toolErrors Jobs in which a tool of the image failed by itself.
   * @param baselineSeconds Duration of the build before this image, in seconds.
   * @param buildSeconds Duration of the build with this image, in seconds.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "168h" })
  assessRollback(
    pulls?: number,
    pullFailures?: number,
    toolErrors?: number,
    baselineSeconds?: number,
    buildSeconds?: number,
    format: ReportFormat = ReportFormat.Markdown,
  ): string {
    const verdict = assessRollback({ pulls, pullFailures, toolErrors, baselineSeconds, buildSeconds });
    return render(reportVerdict(verdict), format);
  }

  /**
   * Gives the key of the CI platform's cache as a file to commit: cache-key export --path .cache-key
   *
   * It changes with the files that decide what is cached: cacheKey.files in slipway.json.
   */
  @func({ cache: "168h" })
  async cacheKey(): Promise<File> {
    return dag.file(".cache-key", renderCacheKey(await this.cacheKeyEntries(await this.project())));
  }

  /** Fails where the committed .cache-key is not current, with what changed and how to renew it. */
  @check()
  @func({ cache: "168h" })
  async checkCacheKey(): Promise<string> {
    const project = await this.project();
    const committed = (await readFiles(project.source, [".cache-key"])).get(".cache-key");
    return `${compareCacheKey(committed?.toString("utf8"), await this.cacheKeyEntries(project))}\n`;
  }

  /**
   * Runs golangci-lint in the CI image; its output and its exit code are the linter's.
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param args Further arguments of golangci-lint run: --build-tags=e2e
   */
  @check()
  @func({ cache: "never" })
  async lint(ciImage?: string, moduleCache?: Directory, args: string[] = []): Promise<string> {
    return redact(
      await (await lint(await this.goProject(toolsOfJobs.lint, ciImage, moduleCache), args)).stdout(),
    );
  }

  /**
   * Runs golangci-lint whatever it finds, and gives its reports as files: lint-report export --path reports
   *
   * They are output.txt, exit-code, lint.sarif for GitHub's code scanning, and code-quality.json for GitLab's.
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param args Further arguments of golangci-lint run: --build-tags=e2e
   * @param pathPrefix Directory of the source in its repository: tool. The platforms read the paths of reports from the
   * root of the repository. Default: the source is the root.
   */
  @func({ cache: "never" })
  async lintReport(
    ciImage?: string,
    moduleCache?: Directory,
    args: string[] = [],
    pathPrefix?: string,
  ): Promise<Directory> {
    const project = await this.goProject(toolsOfJobs.lint, ciImage, moduleCache);
    return lintReport(project, { args, pathPrefix });
  }

  /**
   * Runs go test in the CI image; its output and its exit code are those of go.
   *
   * The race detector is on where the image has a C compiler: ciImage.packages in slipway.json.
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param packages Packages to test: ./internal/...
   * @param buildTags Build tags: integration,e2e
   * @param timeout Time after which a package is given up: 10m. Default: that of go.
   * @param coverageMinimum Percent of the statements that the tests have to cover, else the call fails: 80. The output
   * ends with what they covered.
   * @param args Further arguments of go test: -run=TestParse,-count=1
   */
  @check()
  @func({ cache: "never" })
  async test(
    ciImage?: string,
    moduleCache?: Directory,
    packages: string[] = ["./..."],
    buildTags: string[] = [],
    timeout?: string,
    coverageMinimum?: number,
    args: string[] = [],
  ): Promise<string> {
    const options = { packages, buildTags, timeout, coverageMinimum, args };
    return redact(await test(await this.goProject(toolsOfJobs.test, ciImage, moduleCache), options));
  }

  /**
   * Runs go test whatever comes of it, and gives its reports as files: test-report export --path reports
   *
   * They are output.txt, exit-code, junit.xml, coverage.out, and coverage.xml in Cobertura's form. GitLab reads the
   * coverage from the last line of output.txt. What does not compile is in no coverage.
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param packages Packages to test: ./internal/...
   * @param buildTags Build tags: integration,e2e
   * @param timeout Time after which a package is given up: 10m. Default: that of go.
   * @param coverageMinimum Percent of the statements that the tests have to cover, else exit-code is 1: 80
   * @param args Further arguments of go test: -run=TestParse,-count=1
   * @param pathPrefix Directory of the source in its repository: tool. The platforms read the paths of reports from the
   * root of the repository. Default: the source is the root.
   */
  @func({ cache: "never" })
  async testReport(
    ciImage?: string,
    moduleCache?: Directory,
    packages: string[] = ["./..."],
    buildTags: string[] = [],
    timeout?: string,
    coverageMinimum?: number,
    args: string[] = [],
    pathPrefix?: string,
  ): Promise<Directory> {
    const options = { packages, buildTags, timeout, coverageMinimum, args, pathPrefix };
    return testReport(await this.goProject(toolsOfJobs.test, ciImage, moduleCache), options);
  }

  /**
   * Lints, tests and builds at once in one engine, and says of each how it ended, also where one fails.
   *
   * It checks the cache key as well where the project has a .cache-key. It builds, a snapshot, where the project has a
   * configuration of GoReleaser.
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async ci(
    ciImage?: string,
    moduleCache?: Directory,
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const go = await this.goProject(toolsOfJobs.ci, ciImage, moduleCache, false, project);
    const outcomes = await runChecks(project.now, {
      ...((await hasAny(project.source, [".cache-key"]))
        ? { "check-cache-key": () => this.checkCacheKey() }
        : {}),
      lint: async () => (await lint(go, [])).stdout(),
      test: () => test(go, { packages: ["./..."], buildTags: [], args: [] }),
      ...((await hasAny(project.source, releaserFiles))
        ? { build: async () => (await (await build(go, snapshot)).entries()).join() }
        : {}),
    });
    return render(reportChecks(outcomes), format);
  }

  /**
   * Runs a mise task of the project in the CI image, with all tools of its mise configuration.
   *
   * Output and exit code are the task's. What it left is exported by its path: run --task ci:coverage directory --path
   * coverage export --path coverage
   *
   * @param task Name of the task: ci:coverage
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param args Arguments of the task: --verbose,./cmd
   * @param env Variables of the task: LOG_LEVEL=debug
   * @param allowFailure Give the container after a task that fails as well, with its files and its exit-code.
   */
  @func({ cache: "never" })
  async run(
    task: string,
    ciImage?: string,
    moduleCache?: Directory,
    args: string[] = [],
    env: string[] = [],
    allowFailure = false,
  ): Promise<Container> {
    const project = await this.project();
    const tools = toolsWithNamed("run", project.settings.ciImage.tools);
    return runTask(await this.goProject(tools, ciImage, moduleCache, false, project), {
      installs: tools.map(installsPath),
      task,
      args,
      env,
      allowFailure,
      githubToken: this.githubToken,
      secrets: this.secrets(),
      services: this.taskServices.map((service, at) => ({ host: this.serviceHosts[at] ?? "", service })),
    }).sync();
  }

  /**
   * Compiles the project for all platforms in the CI image: build export --path dist, which is what release takes.
   *
   * With a configuration of GoReleaser it is GoReleaser's dist directory. Without one, go build makes a static binary
   * for each platform of the release, with the version in it, and checksums.txt: hello-linux-amd64, hello-linux-arm64.
   * The section build of slipway.json names packages, build tags and linker flags.
   *
   * With --publish, GoReleaser makes its whole release, that of GitHub or GitLab included. Without its configuration, the
   * binaries and checksums.txt are uploaded to the release page of the git remote origin. The token comes before:
   * with-secret-env --name GITLAB_TOKEN --secret env://GITLAB_TOKEN build --publish
   *
   * A repeat of an upload completes it. GoReleaser replaces what is uploaded to GitHub; what it left on GitLab is done where it is
   * whole, and else has to be deleted first.
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache Modules to start with, as module-cache exported them: .go-mod-cache
   * @param release Build the version of the commit's tag, as release needs it for refs/tags/…; else a snapshot.
   * @param tag The tag to build, where the commit has several: v1.2.3
   * @param isolated Take nothing from caches that other jobs write, as a release does: for what is published.
   * @param publish Publish the release page of the commit's tag, with GoReleaser where it is configured. Images are left
   * to the function release.
   */
  @func({ cache: "never" })
  async build(
    ciImage?: string,
    moduleCache?: Directory,
    release = false,
    tag?: string,
    isolated = false,
    publish = false,
  ): Promise<Directory> {
    if (publish) return this.forgeRelease(tag, ciImage, moduleCache);
    return this.binaries({ release, tag, isolated }, ciImage, moduleCache);
  }

  /**
   * Downloads the Go modules of the project into a directory, which a CI platform caches between jobs.
   *
   * It is for engines that end with their job, and lose what they downloaded. Export it, have the platform keep it
   * under the key in .cache-key, and give it to the jobs: module-cache export --path .go-mod-cache, then lint
   * --module-cache .go-mod-cache
   *
   * @param ciImage The published CI image to run in: ghcr.io/acme/ci:latest. Left out or empty, it is built.
   * @param moduleCache What module-cache exported earlier: what is still needed of it is not downloaded again.
   */
  @func({ cache: "never" })
  async moduleCache(ciImage?: string, moduleCache?: Directory): Promise<Directory> {
    return exportModuleCache(await this.goProject(toolsOfJobs.test, ciImage, moduleCache));
  }

  /**
   * Says which tags a release would set where, and why. It reads the registries and changes nothing.
   *
   * The ref decides the tags. Unless release.tags and latest in slipway.json say otherwise, refs/tags/v1.2.3 sets
   * 1.2.3, refs/heads/main sets latest, and any other branch sets none.
   *
   * @param ref The git ref in full, which decides the tags: refs/tags/v1.2.3 or refs/heads/main. On GitHub it is
   * $GITHUB_REF, on GitLab refs/tags/$CI_COMMIT_TAG or refs/heads/$CI_COMMIT_BRANCH.
   * @param binaries Directory of the binaries, as release takes it: with it, the plan also says which image it would
   * be, and whether a version is published with other contents.
   * @param platforms Platforms of this call, in place of those of the settings: linux/amd64,linux/arm64
   * @param preRelease Take a tag such as v0.0.1-test, which is refused otherwise, unless release.preReleases in
   * slipway.json is true.
   * @param firstPublish For the first push to a repository: take a 401 or 403, which some registries answer while it
   * does not exist, for an empty repository.
   * @param pushAccess Ask for the right to push as well, and fail where it is refused.
   * @param revision Commit of the source, for labels and for {sha} in release.tags: "$(git rev-parse HEAD)". The image
   * depends on it, so give the same one in every call.
   * @param sourceDateEpoch Time of the image, and of the files that Slipway lays into it, in seconds since 1970: "$(git
   * log -1 --format=%ct)"
   * @param builder Who makes the image. Auto assembles a Dockerfile without RUN from its files, and has the engine
   * build every other. Slipway only assembles, and refuses a RUN; Engine always builds.
   * @param as Publish under this tag alone, from any ref: manual-1a2b3c4, pr-17. It moves with every such call, and has
   * to be none that a release could set.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async plan(
    ref: string,
    binaries?: Directory,
    platforms?: string[],
    preRelease = false,
    firstPublish = false,
    pushAccess = false,
    revision?: string,
    sourceDateEpoch = 0,
    builder: Builder = Builder.Auto,
    as?: string,
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const given = { ref, platforms, preRelease, revision, sourceDateEpoch, as };
    const descriptions = describeRelease(project, given);
    const publication = openPublication(project, descriptions);
    // Who may not push may still plan: a token service may refuse more than it is asked to give for reading.
    const client = pushAccess ? publication.client : project.client();
    const isBuilt = binaries !== undefined || builder === Builder.Engine;
    const build = { builder, binaries, sourceDateEpoch, ...publication, client };
    const built = isBuilt ? await buildImages(project, descriptions, build) : [];
    const images = publication.images.map((image, at) => ({ ...image, client, firstPublish, ...built[at] }));
    const plans = await planImages(images);
    return render(reportPlan(plans, pushAccess ? await askPushAccess(client, images) : undefined), format);
  }

  /**
   * Builds an image of a release, for all its platforms, as an OCI archive: images … export --path image.tar
   *
   * Nothing is published. Where the Dockerfile has no RUN, the same binaries, Dockerfile, version, revision and time
   * give the same image on every machine.
   *
   * @param ref The git ref in full, which decides the tags: refs/tags/v1.2.3 or refs/heads/main. On GitHub it is
   * $GITHUB_REF, on GitLab refs/tags/$CI_COMMIT_TAG or refs/heads/$CI_COMMIT_BRANCH.
   * @param binaries Directory of the binaries: GoReleaser's dist, or files that are named after their platform, as
   * hello-linux-amd64, hello_linux_arm64 or linux/amd64/hello; release.binaries.pattern in slipway.json names another
   * form. Left out, the source has them, or the Dockerfile compiles. The Dockerfile finds them as <os>/<arch>/<name>,
   * as <name>, and under their own paths.
   * @param platforms Platforms of this call, in place of those of the settings: linux/amd64,linux/arm64
   * @param preRelease Take a tag such as v0.0.1-test, which is refused otherwise, unless release.preReleases in
   * slipway.json is true.
   * @param revision Commit of the source, for labels and for {sha} in release.tags: "$(git rev-parse HEAD)". The image
   * depends on it, so give the same one in every call.
   * @param sourceDateEpoch Time of the image, and of the files that Slipway lays into it, in seconds since 1970: "$(git
   * log -1 --format=%ct)"
   * @param builder Who makes the image. Auto assembles a Dockerfile without RUN from its files, and has the engine
   * build every other. Slipway only assembles, and refuses a RUN; Engine always builds.
   * @param image Name of the image, where release.images in slipway.json has several: app
   */
  @func({ cache: "never" })
  async images(
    ref: string,
    binaries?: Directory,
    platforms?: string[],
    preRelease = false,
    revision?: string,
    sourceDateEpoch = 0,
    builder: Builder = Builder.Auto,
    image?: string,
  ): Promise<File> {
    const project = await this.project();
    const description = describeImage(project, {
      ref,
      platforms,
      preRelease,
      revision,
      sourceDateEpoch,
      image,
    });
    return buildArchive(project, description, { builder, binaries, sourceDateEpoch }, "image.tar");
  }

  /**
   * Publishes the image of a version or a branch, for all platforms, to every repository of slipway.json.
   *
   * The ref decides the tags. Unless release.tags and latest in slipway.json say otherwise, refs/tags/v1.2.3 sets
   * 1.2.3, refs/heads/main sets latest, and any other branch sets none.
   *
   * It takes binaries that are there, or has the engine build a Dockerfile that compiles. Binaries and the right to
   * push are checked first, and tags move last: a call that broke off is completed by the same call, and one that is
   * complete sends nothing. A version that is published with other contents is refused. Where release.images has
   * several images, all are published before a tag moves.
   *
   * @param ref The git ref in full, which decides the tags: refs/tags/v1.2.3 or refs/heads/main. On GitHub it is
   * $GITHUB_REF, on GitLab refs/tags/$CI_COMMIT_TAG or refs/heads/$CI_COMMIT_BRANCH.
   * @param binaries Directory of the binaries: GoReleaser's dist, or files that are named after their platform, as
   * hello-linux-amd64, hello_linux_arm64 or linux/amd64/hello; release.binaries.pattern in slipway.json names another
   * form. Left out, the source has them, or the Dockerfile compiles. The Dockerfile finds them as <os>/<arch>/<name>,
   * as <name>, and under their own paths.
   * @param platforms Platforms of this call, in place of those of the settings: linux/amd64,linux/arm64
   * @param preRelease Take a tag such as v0.0.1-test, which is refused otherwise, unless release.preReleases in
   * slipway.json is true.
   * @param firstPublish For the first push to a repository: take a 401 or 403, which some registries answer while it
   * does not exist, for an empty repository.
   * @param skipPush Build and check, send nothing, and say what would be published.
   * @param revision Commit of the source, for labels and for {sha} in release.tags: "$(git rev-parse HEAD)". The image
   * depends on it, so give the same one in every call.
   * @param sourceDateEpoch Time of the image, and of the files that Slipway lays into it, in seconds since 1970: "$(git
   * log -1 --format=%ct)"
   * @param builder Who makes the image. Auto assembles a Dockerfile without RUN from its files, and has the engine
   * build every other. Slipway only assembles, and refuses a RUN; Engine always builds.
   * @param as Publish under this tag alone, from any ref: manual-1a2b3c4, pr-17. It moves with every such call, and has
   * to be none that a release could set.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async release(
    ref: string,
    binaries?: Directory,
    platforms?: string[],
    preRelease = false,
    firstPublish = false,
    skipPush = false,
    revision?: string,
    sourceDateEpoch = 0,
    builder: Builder = Builder.Auto,
    as?: string,
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const given = { ref, platforms, preRelease, revision, sourceDateEpoch, as };
    const descriptions = describeRelease(project, given);
    const publication = openPublication(project, descriptions);
    const call = { name: "release", arguments: { ...given, builder } } as const;
    const attesting = await openAttesting(project, descriptions, call);
    const built = await buildImages(project, descriptions, {
      builder,
      binaries,
      sourceDateEpoch,
      ...publication,
    });
    const request = releaseOf(publication, built, { firstPublish, skipPush, ...attesting });
    return render(await release(request), format);
  }

  /**
   * Builds the image of a release for one platform, as an OCI archive that join publishes.
   *
   * It is for pipelines with a machine for each platform. Each machine calls it for its own, and keeps the archive as
   * an artifact: build-platform --platform linux/arm64 --ref refs/tags/v1.2.3 export --path archives/arm64.tar. Then
   * one job calls join for all of them. Nothing is published before.
   *
   * @param platform Platform as os/architecture: linux/arm64
   * @param ref The git ref in full, which decides the tags: refs/tags/v1.2.3 or refs/heads/main. On GitHub it is
   * $GITHUB_REF, on GitLab refs/tags/$CI_COMMIT_TAG or refs/heads/$CI_COMMIT_BRANCH.
   * @param binaries Directory of the binaries: GoReleaser's dist, or files that are named after their platform, as
   * hello-linux-amd64, hello_linux_arm64 or linux/amd64/hello; release.binaries.pattern in slipway.json names another
   * form. Left out, the source has them, or the Dockerfile compiles. The Dockerfile finds them as <os>/<arch>/<name>,
   * as <name>, and under their own paths.
   * @param preRelease Take a tag such as v0.0.1-test, which is refused otherwise, unless release.preReleases in
   * slipway.json is true.
   * @param revision Commit of the source, for labels and for {sha} in release.tags: "$(git rev-parse HEAD)". The image
   * depends on it, so give the same one in every call.
   * @param sourceDateEpoch Time of the image, and of the files that Slipway lays into it, in seconds since 1970: "$(git
   * log -1 --format=%ct)"
   * @param builder Who makes the image. Auto assembles a Dockerfile without RUN from its files, and has the engine
   * build every other. Slipway only assembles, and refuses a RUN; Engine always builds.
   * @param as The tag that join gives to a run by hand, of any ref: manual-1a2b3c4, pr-17. It moves, and is no tag of a release.
   * @param image Name of the image, where release.images in slipway.json has several: app
   */
  @func({ cache: "never" })
  async buildPlatform(
    platform: string,
    ref: string,
    binaries?: Directory,
    preRelease = false,
    revision?: string,
    sourceDateEpoch = 0,
    builder: Builder = Builder.Auto,
    as?: string,
    image?: string,
  ): Promise<File> {
    const project = await this.project();
    const given = { platform, ref, preRelease, revision, sourceDateEpoch, as, image };
    const description = describePlatform(project, given);
    const name = [image || [], description.settings.platforms.join().replaceAll("/", "-")].flat().join("-");
    return buildArchive(project, description, { builder, binaries, sourceDateEpoch }, `${name}.tar`);
  }

  /**
   * Publishes archives of build-platform, one for each platform, as one image to every repository of slipway.json.
   *
   * They have to be of every platform, each once, and all of one commit and of the version of --ref. Anything else is
   * an error before any request. Joining the same archives again sends nothing.
   *
   * @param archives Directory of the archives: all *.tar in it, and in the directories right below it.
   * @param ref The git ref in full, which decides the tags: refs/tags/v1.2.3 or refs/heads/main. On GitHub it is
   * $GITHUB_REF, on GitLab refs/tags/$CI_COMMIT_TAG or refs/heads/$CI_COMMIT_BRANCH.
   * @param platforms Platforms of this call, in place of those of the settings: linux/amd64,linux/arm64
   * @param preRelease Take a tag such as v0.0.1-test, which is refused otherwise, unless release.preReleases in
   * slipway.json is true.
   * @param firstPublish For the first push to a repository: take a 401 or 403, which some registries answer while it
   * does not exist, for an empty repository.
   * @param skipPush Build and check, send nothing, and say what would be published.
   * @param revision Commit of the source, that the archives have to be of. Default: any that is the same in all.
   * @param sourceDateEpoch Time of the commit in seconds since 1970, for {date} in release.tags.
   * @param as Publish under this tag alone, from any ref: manual-1a2b3c4, pr-17. It moves with every such call, and has
   * to be none that a release could set.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async join(
    archives: Directory,
    ref: string,
    platforms?: string[],
    preRelease = false,
    firstPublish = false,
    skipPush = false,
    revision?: string,
    sourceDateEpoch = 0,
    as?: string,
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const given = { ref, platforms, preRelease, revision, sourceDateEpoch, as };
    const descriptions = describeRelease(project, given);
    const publication = openPublication(project, descriptions);
    const attesting = await openAttesting(project, descriptions, { name: "join", arguments: given });
    const built = await publication.phases.during("checks", async () =>
      joinArchives(await readArchives(archives), descriptions),
    );
    const request = releaseOf(publication, built, { firstPublish, skipPush, ...attesting });
    return render(await release(request), format);
  }

  /**
   * Gives the files of one stage of the release's Dockerfile, as a dependency cache.
   *
   * An engine that ends with the job loses what RUN --mount=type=cache holds. Export the directory into the source,
   * have the CI platform keep it, and let the stage that installs the dependencies COPY it in.
   *
   * @param platform Platform as os/architecture: linux/arm64
   * @param target Name of the stage: FROM … AS cache
   * @param image Name of the image, where release.images in slipway.json has several: app
   */
  @func({ cache: "never" })
  async dependencyCache(platform: string, target = "cache", image?: string): Promise<Directory> {
    return buildStage(await this.project(), { image, platform, target });
  }

  /**
   * Releases twice into an empty registry in the engine: the second time has to send nothing.
   *
   * It goes the whole way of a release, with the Dockerfile, the repositories and the tags of the settings. It needs no
   * credentials but those of the base images.
   *
   * @param binaries Directory of the binaries. Default: GoReleaser's snapshot, built in the CI image, where the source
   * has a go.mod.
   * @param ref The git ref in full: refs/tags/v1.2.3. Default: the main branch, or, where a push to it publishes
   * nothing, a run by hand of it.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @check()
  @func({ cache: "never" })
  async rehearse(
    binaries?: Directory,
    ref?: string,
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const own = await this.project();
    const { remarks, ...what } = planRehearsal(own.settings, ref);
    // At once: what follows builds for minutes.
    for (const remark of remarks) log(remark);
    const registry = await startRehearsalRegistry(own);
    const project = await this.withRegistryService(rehearsalHost, registry).project();
    const given = { ...what, preRelease: true, ...rehearsalCommit };
    const descriptions = describeRelease(project, given);
    const build = {
      builder: Builder.Auto,
      binaries: binaries ?? ((await project.source.exists("go.mod")) ? await this.build() : undefined),
      sourceDateEpoch: 0,
    };
    const attesting = await openAttesting(project, descriptions, { name: "rehearse", arguments: given });
    const prepare = async () => {
      const publication = openPublication(project, descriptions, ({ settings, trigger }) =>
        rehearsalTargets(settings, rehearsalHost, trigger),
      );
      const built = await buildImages(project, descriptions, { ...build, ...publication });
      return releaseOf(publication, built, { firstPublish: false, skipPush: false, ...attesting });
    };
    return render(await rehearse(prepare, { before: remarks, after: foresee(own.settings) }), format);
  }

  /**
   * Points latest, and the other tags that move with releases, back at an earlier version, without a build.
   *
   * The earlier image is read back whole first. Each tag is one request; nothing is built, sent or removed. The report
   * says what moves the tags on again.
   *
   * @param tag The earlier version, in git or at the registry: v1.2.3 or 1.2.3
   * @param tags Tags to move: latest,1.2,1. Default: all that move with that version, and latest.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async rollbackRelease(
    tag: string,
    tags: string[] = [],
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const images = project.settings.release.images.map((rules) => ({
      rules,
      targets: releaseTargets(rules),
    }));
    const client = project.client(
      images.flatMap(({ targets }) => targets.map(({ repository }) => repository)),
    );
    return render(reportReleaseRollback(await rollBackRelease({ client, images, tag, tags })), format);
  }

  /**
   * Reads a published image back to the last blob: index, every platform, every layer.
   *
   * With --signed-by it fails as well where nothing that is attached to the image is signed so.
   *
   * @param reference Image by tag or digest: ghcr.io/acme/app:1.2.3
   * @param anonymous Read it without credentials, as somebody without an account does.
   * @param signedBy Who has to have signed it: an identity, a regular expression between slashes that all of the identity
   * has to match, or a public key in PEM, which begins with a hyphen: --signed-by="$(cat cosign.pub)"
   * @param issuer Who vouches for the identity. Default: GitHub's or GitLab's, for identities of theirs.
   * @param sourceRepository The repository that the job ran for, which an identity does not say whose workflow lies in
   * another one, as Slipway's does: https://github.com/acme/app
   * @param trustedRoot A trusted_root.json. Default: that of the public Sigstore; with a key, none.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async verifyImage(
    reference: string,
    anonymous = false,
    signedBy?: string,
    issuer?: string,
    sourceRepository?: string,
    trustedRoot?: File,
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const client = anonymous ? project.anonymousClient() : project.client();
    const signer = await readSignedBy({ signedBy, issuer, sourceRepository, trustedRoot });
    return render(await verifyReference(client, reference, signer), format);
  }

  /**
   * Gives the SBOM that is attached to one platform of a published image: sbom --reference … contents
   *
   * With --signed-by it is one that is signed so, else whichever is attached.
   *
   * @param reference Image by tag or digest: ghcr.io/acme/app:1.2.3
   * @param platform Platform as os/architecture; may be left out where the image has one.
   * @param signedBy Who has to have signed it, as verify-image has it.
   * @param issuer Who vouches for the identity. Default: GitHub's or GitLab's, for identities of theirs.
   * @param sourceRepository The repository that the job ran for, which an identity does not say whose workflow lies in
   * another one, as Slipway's does: https://github.com/acme/app
   * @param trustedRoot A trusted_root.json. Default: that of the public Sigstore; with a key, none.
   */
  @func({ cache: "never" })
  async sbom(
    reference: string,
    platform?: string,
    signedBy?: string,
    issuer?: string,
    sourceRepository?: string,
    trustedRoot?: File,
  ): Promise<File> {
    const project = await this.project();
    const signer = await readSignedBy({ signedBy, issuer, sourceRepository, trustedRoot });
    const text = await readSbom(project.client(), reference, { platform, signedBy: signer });
    return dag.file("sbom.json", text);
  }

  /**
   * Removes what no tag leads to from the repositories of releases; without --confirm it only says what would go.
   *
   * What stays: every tag with all that it needs, what is attached to that, and what is young, since it may belong
   * to an image that is being published. GHCR lists manifests without a tag; at other registries those named go.
   *
   * @param confirm Remove what would go.
   * @param repository The only repository to prune. Default: those that releases go to.
   * @param minAgeHours Hours since its last change for which a manifest without a tag stays.
   * @param keep Digests that stay, with all that they need: those that deployments pin.
   * @param digests The only digests to remove, with what they list: those of images that latest has left, from the
   * reports of their releases.
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async prune(
    confirm = false,
    repository?: string,
    minAgeHours = 24,
    keep: string[] = [],
    digests: string[] = [],
    format: ReportFormat = ReportFormat.Markdown,
  ): Promise<string> {
    const project = await this.project();
    const request = readPruneRequest({ confirm, minAgeHours, keep, digests }, Date.now());
    const targets = this.cleanupTargets(project, repository);
    return render(reportPrune(await pruneAll(targets, request)), format);
  }

  /**
   * Removes the tags of a pre-release from the repositories of releases; one that is absent counts as removed.
   *
   * They are all that release.tags makes of it, or the one name that --as gave. Stable versions, tags that move and
   * latest are refused, and so is a tag with which something else would go: at GHCR a version that others share.
   *
   * @param tag The pre-release, in git or at the registry: v0.0.1-test or 0.0.1-test
   * @param format Form of the result: Markdown to read, Json with all of it, Dotenv with variables for later jobs,
   * Pipeline with Markdown and, in comments, those variables.
   */
  @func({ cache: "never" })
  async removeTag(tag: string, format: ReportFormat = ReportFormat.Markdown): Promise<string> {
    const project = await this.project();
    const [image] = project.settings.release.images;
    const selection = selectRemovable(tag, image ?? project.settings.release);
    const removals = await removeTags(this.cleanupTargets(project), selection);
    return render(reportTagRemoval(selection.name, removals), format);
  }

  private cleanupTargets({ settings, registries }: Project, repository?: string): CleanupTarget[] {
    const repositories = repository
      ? [parseRepository(repository, "--repository")]
      : settings.release.images.flatMap((image) => releaseTargets(image).map((target) => target.repository));
    return distinctRepositories(repositories).map((target) => openTarget(registries, target));
  }

  private project(): Promise<Project> {
    const { loginAddresses, loginUsernames, routeHosts } = this;
    const logins = this.loginSecrets.map((secret, at) => ({
      address: loginAddresses[at] ?? "",
      username: loginUsernames[at] ?? "",
      secret,
    }));
    const routes = this.routeServices.map((service, at) => ({ host: routeHosts[at] ?? "", service }));
    const signing = {
      key: this.signingKey,
      password: this.signingPassword,
      token: this.identityToken,
      tokenUrl: this.identityTokenUrl,
    };
    return loadProject({ ...this, logins, routes, signing });
  }

  private async cacheKeyEntries({ source, settings }: Project): Promise<CacheKeyEntry[]> {
    const files = await readFiles(source, settings.cacheKey.files);
    return [...files].map(([path, content]) => ({ path, content }));
  }

  private secrets(): { name: string; secret: Secret }[] {
    return this.secretValues.map((secret, at) => ({ name: this.secretNames[at] ?? "", secret }));
  }

  private async verifiedImage(project: Project, plan: CiImagePlan): Promise<ExaminedImage["image"]> {
    const { image, verifications } = await examineCiImage(project, plan, this.githubToken);
    log(reportVerification(verifications).markdown);
    return image;
  }

  /** The release on the page of the project: GoReleaser's own, or the programs that go builds. */
  private async forgeRelease(
    tag: string | undefined,
    ciImage?: string,
    moduleCache?: Directory,
  ): Promise<Directory> {
    const project = await this.project();
    const configured = await readReleaserConfiguration(project.source);
    if (configured !== undefined) {
      const tools = toolsWithNamed("build", project.settings.ciImage.tools);
      const go = await this.goProject(tools, ciImage, moduleCache, true, project);
      const secrets = this.secrets();
      const gitlab = await gitlabReleaseOf(configured, () => forgeAccess(project, secrets));
      return publishForgeRelease(go, configured, { tag, secrets, gitlab });
    }
    // What is wrong with the remote or the token is said before anything is built.
    const forge = await openProjectForge(project, this.secrets());
    const go = await this.goProject([], ciImage, moduleCache, true, project);
    const { dist, release } = await buildProgramRelease(go, tag, compilationOf(project));
    const outcomes = await forge.publish(release);
    for (const { name, how } of outcomes) log(`${release.tag}: ${name} ${how}`);
    return dist;
  }

  private async binaries(
    options: BuildOptions,
    ciImage?: string,
    moduleCache?: Directory,
  ): Promise<Directory> {
    const project = await this.project();
    const isolated = options.release || options.isolated;
    const isReleasers = await hasAny(project.source, releaserFiles);
    const tools = isReleasers ? toolsOfJobs.build : [];
    const go = await this.goProject(tools, ciImage, moduleCache, isolated, project);
    return isReleasers ? build(go, options) : buildPrograms(go, options, compilationOf(project));
  }

  private async builtImage(project: Project, equipment: Equipment): Promise<Container> {
    const plan = await planCiImage(project, this.githubToken);
    const image = await buildCiImage(plan, choosePlatform(plan.image), this.githubToken);
    return equip(project, image, { ...equipment, planned: plan.tools });
  }

  private async goProject(
    tools: readonly string[],
    ciImage?: string,
    moduleCache?: Directory,
    isolated = false,
    loaded?: Project,
  ): Promise<GoProject> {
    const project = loaded ?? (await this.project());
    const { platforms, buildArgs } = project.settings.ciImage;
    const equipment = { tools, ciImage, isolated, githubToken: this.githubToken };
    // An empty reference is a variable that a pipeline leaves unset.
    const image = ciImage
      ? await equip(project, project.pull(await requireSigned(project, ciImage), platforms[0]), equipment)
      : await this.builtImage(project, equipment);
    return {
      image,
      source: project.source,
      moduleCache,
      goProxy: buildArgs.GOPROXY,
    };
  }
}
