import { type Container, type Directory, dag } from "@dagger.io/dagger";
import { runCommand } from "../command.js";
import { InputError } from "../errors.js";
import type { Project } from "../project.js";
import { type BuildOptions, type BuildSetting, buildContainer } from "./build.js";
import { type GoProject, readLine, SOURCE_PATH } from "./project.js";

/** How programs are compiled that no configuration of GoReleaser describes. */
export interface Compilation {
  /** `linux/arm/v7` */
  platforms: readonly string[];
  /** Patterns of main packages; none for those of the root and of cmd, or else for all. */
  packages: readonly string[];
  buildTags: readonly string[];
  /** With `{version}` and `{revision}`. */
  ldflags: string;
}

/** How the programs of a project are compiled: for all platforms of its images. */
export function compilationOf({ settings: { build, release } }: Pick<Project, "settings">): Compilation {
  const platforms = release.images.flatMap((image) => image.platforms);
  return { ...build, platforms: [...new Set(platforms)] };
}

/** A package that is a program. */
interface MainPackage {
  path: string;
  directory: string;
}

const listed = '{{if eq .Name "main"}}{{.ImportPath}}\t{{.Dir}}{{end}}';

/**
 * Static programs for every platform, as `<name>-<os>-<arch>`, with the version of the tag or of `git describe`, and
 * their SHA-256 in `checksums.txt`.
 */
export async function buildPrograms(
  project: GoProject,
  options: BuildOptions,
  compilation: Compilation,
): Promise<Directory> {
  return compilePrograms(await buildContainer(project, options), compilation);
}

/** The same in a container that is there, with the tag whose version it makes. */
export async function compilePrograms(
  { container, tag }: BuildSetting,
  compilation: Compilation,
): Promise<Directory> {
  const mains = await findMains(container, compilation);
  const [name, revision] = await Promise.all([
    tag ?? gitLine(container, "describe", "--tags", "--always"),
    gitLine(container, "rev-parse", "HEAD"),
  ]);
  const ldflags = compilation.ldflags
    .replaceAll("{version}", () => versionIn(name))
    .replaceAll("{revision}", () => revision);
  const compiled = await Promise.all(
    compilation.platforms.map(async (platform) => {
      const directory = compile(container, mains, platform, { ...compilation, ldflags });
      return { platform, directory, names: await directory.entries() };
    }),
  );
  const dist = compiled.reduce(
    (all, { platform, directory, names }) =>
      names.reduce((some, name) => some.withFile(fileName(name, platform), directory.file(name)), all),
    dag.directory(),
  );
  const sums = container
    .withMountedDirectory("/dist", dist)
    .withWorkdir("/dist")
    .withExec(["sh", "-c", "sha256sum -- *"]);
  return dist.withNewFile("checksums.txt", await sums.stdout());
}

async function findMains(
  container: Container,
  { packages, buildTags }: Compilation,
): Promise<[string, ...string[]]> {
  const patterns = packages.length === 0 ? ["./..."] : packages;
  const list = ["go", "list", "-e", `-tags=${buildTags.join()}`, "-f", listed, ...patterns];
  const found = (await container.withExec(list).stdout())
    .split("\n")
    .filter((line) => line !== "")
    .map((line): MainPackage => {
      const [path = "", directory = ""] = line.split("\t");
      return { path, directory };
    });
  const [first, ...others] = packages.length === 0 ? chooseMains(found) : found;
  if (first === undefined)
    throw new InputError({
      subject: "build",
      expected: `a package main in ${patterns.join(", ")}`,
      given: undefined,
      fix: "Name it under build.packages in slipway.json, or add a configuration of GoReleaser",
    });
  const paths = [first, ...others].map(({ path }) => path);
  const twice = paths.filter((path) =>
    paths.some((other) => other !== path && nameOf(other) === nameOf(path)),
  );
  if (twice.length > 0)
    throw new InputError({
      subject: "build",
      expected: "programs of different names",
      given: twice.join(", "),
      fix: "Name those to build under build.packages in slipway.json",
    });
  return [first.path, ...others.map(({ path }) => path)];
}

/** Where programs are by custom: at the root, and below cmd; a project that has neither has them anywhere. */
function chooseMains(found: readonly MainPackage[]): readonly MainPackage[] {
  const usual = found.filter(
    ({ directory }) => directory === SOURCE_PATH || directory.startsWith(`${SOURCE_PATH}/cmd/`),
  );
  return usual.length > 0 ? usual : found;
}

/** The name that go gives to a program: the last part of its path that is no major version. */
function nameOf(path: string): string {
  return path.replace(/\/v\d+$/, "").replace(/^.*\//, "");
}

function compile(
  container: Container,
  mains: readonly string[],
  platform: string,
  { buildTags, ldflags }: Compilation,
): Directory {
  const [os = "", architecture = "", variant = ""] = platform.split("/");
  const environment = {
    CGO_ENABLED: "0",
    GOOS: os,
    GOARCH: architecture,
    // The feature level of an architecture: GOARM=7, GOAMD64=v3.
    ...(variant === ""
      ? {}
      : { [`GO${architecture.toUpperCase()}`]: architecture === "arm" ? variant.replace("v", "") : variant }),
  };
  return Object.entries(environment)
    .reduce(
      (to, [name, value]) => to.withEnvVariable(name, value),
      container.withDirectory("/out", dag.directory()),
    )
    .withExec([
      ...["go", "build", "-trimpath", `-tags=${buildTags.join()}`, `-ldflags=${ldflags}`, "-o", "/out/"],
      ...mains,
    ])
    .directory("/out");
}

/** As release finds it by its naming patterns: `app-linux-armv7`, `app-windows-amd64.exe`. */
function fileName(program: string, platform: string): string {
  const [os = "", architecture = "", variant = ""] = platform.split("/");
  const level = variant === "" ? "" : architecture === "arm" ? variant : `_${variant}`;
  const [, name = "", extension = ""] = /^(.*?)(\.exe)?$/.exec(program) ?? [];
  return `${name}-${os}-${architecture}${level}${extension}`;
}

/** The version of a tag, of a component's as well: `tool/v1.2.3` is 1.2.3. */
export function versionIn(tag: string): string {
  return tag.replace(/^.*\//, "").replace(/^v(?=\d)/, "");
}

/** One line of git; `unknown` where the source is no repository. */
async function gitLine(container: Container, ...words: string[]): Promise<string> {
  const { exitCode } = await runCommand(container, ["sh", "-c", "git rev-parse HEAD || exit 1"]);
  return exitCode === 0 ? readLine(container, ["git", ...words]) : "unknown";
}
