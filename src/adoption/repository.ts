import { parsePattern } from "../dockerfile/path-pattern.js";
import { type Origin, readOrigin } from "../forge/origin.js";
import { releaserFiles } from "../go/releaser-files.js";
import { commonDockerfiles } from "../release/dockerfile-choice.js";
import { ignoredByGit } from "./git-ignore.js";

/** What projects run by hand, and from their pipelines, to build and to publish. */
const scriptPatterns = [
  ...["Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile"],
  ...["Taskfile.yml", "Taskfile.yaml", "magefile.go", "package.json", "Jenkinsfile"],
  ...[
    "*.mk",
    "*.sh",
    "bin/*.sh",
    "build/*.sh",
    "ci/*.sh",
    ".ci/*.sh",
    "hack/*.sh",
    "make/*.mk",
    "scripts/*.sh",
    "script/*",
  ],
] as const;

/** What is read of a repository: patterns as an include of a directory has them. */
export const readPatterns = [
  ...releaserFiles,
  ".github/workflows/*.yml",
  ".github/workflows/*.yaml",
  ".git/config",
  ".git/HEAD",
  ".git/refs/remotes/origin/HEAD",
  "go.mod",
  "go.sum",
  "package.json",
  "bun.lock",
  "bun.lockb",
  "**/*Dockerfile*",
  "**/*Containerfile*",
  ".dockerignore",
  ".gitignore",
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  ".mise/config.toml",
  ".config/mise/config.toml",
  ".gitlab-ci.yml",
  "**/*.gitlab-ci.yml",
  ".gitlab/**/*.yml",
  "slipway.json",
  ...scriptPatterns,
] as const;

/** Files of a repository: the paths of all, and the content of those that are read. */
export interface RepositoryFiles {
  paths: ReadonlySet<string>;
  contents: ReadonlyMap<string, Buffer>;
}

/** A repository that moves in. */
export class Repository {
  readonly origin: Origin | undefined;
  private readonly directories: ReadonlySet<string>;

  /** Files that git has, as far as `.gitignore` at the root tells, and the directories that they are in. */
  readonly tracked: readonly string[];
  private readonly trackedPaths: ReadonlySet<string>;

  constructor(private readonly files: RepositoryFiles) {
    this.origin = readOrigin(this.text(".git/config"));
    this.directories = new Set([...files.paths].flatMap(parentsOf));
    const isIgnored = ignoredByGit(this.text(".gitignore"));
    const tracked = [...files.paths].filter((path) => !isIgnored(path));
    this.trackedPaths = new Set([...tracked, ...tracked.flatMap(parentsOf)]);
    this.tracked = [...this.trackedPaths];
  }

  /** Whether git has a file of that path, or something in a directory of it. */
  tracks(path: string): boolean {
    return this.trackedPaths.has(path);
  }

  /** Whether there is a file or a directory of that path; a pattern is asked for what is before it. */
  has(path: string): boolean {
    const plain = path.replace(/\/?[^/]*[*?[].*$/, "");
    return plain === "" || this.files.paths.has(plain) || this.directories.has(plain);
  }

  text(path: string): string | undefined {
    return this.files.contents.get(path)?.toString("utf8");
  }

  content(path: string): Buffer | undefined {
    return this.files.contents.get(path);
  }

  /** The configuration of GoReleaser that it takes. */
  get goreleaserFile(): string | undefined {
    return releaserFiles.find((file) => this.files.contents.has(file));
  }

  get workflows(): string[] {
    return [...this.files.contents.keys()].filter((path) => path.startsWith(".github/workflows/")).sort();
  }

  /** Files that a pipeline of GitLab usually includes. */
  get includedPipelines(): string[] {
    const paths = [...this.files.contents.keys()].filter((path) =>
      /.\.gitlab-ci\.yml$|^\.gitlab\/.*\.yml$/.test(path),
    );
    return paths.sort();
  }

  /** Files of commands at the usual places. */
  get scripts(): string[] {
    return [...this.files.contents.keys()]
      .filter((path) => scripts.some((pattern) => pattern.matches(path)))
      .sort();
  }

  /** Everything that is called as Dockerfiles are, but for that of the CI image. */
  get dockerfiles(): string[] {
    return [...this.files.paths].filter((path) => path !== "Dockerfile.ci" && isDockerfile(path)).sort();
  }

  /** The Dockerfile that a release takes where the settings name none. */
  get defaultDockerfile(): string | undefined {
    return commonDockerfiles.find((path) => this.files.paths.has(path));
  }

  /** Whether it is one program of Go, as far as names of files tell: that of the root, or the only one of cmd. */
  get isProgram(): boolean {
    const mains = [...this.files.paths].filter((path) => /^(?:cmd\/[^/]+\/)?main\.go$/.test(path));
    return this.has("go.mod") && (mains.includes("main.go") || mains.length === 1);
  }

  /** The main branch, as far as the checkout tells; the branch that is checked out is one only by its name. */
  get mainBranch(): string | undefined {
    const remote = /^ref: refs\/remotes\/origin\/(\S+)/.exec(
      this.text(".git/refs/remotes/origin/HEAD") ?? "",
    )?.[1];
    const current = /^ref: refs\/heads\/(main|master|trunk)\s*$/.exec(this.text(".git/HEAD") ?? "")?.[1];
    return remote ?? current;
  }
}

const scripts = scriptPatterns.flatMap((text) => parsePattern(text) ?? []);
function isDockerfile(path: string): boolean {
  if (/(^|\/)(node_modules|vendor|testdata|\.git)\//.test(path)) return false;
  return /(^|\/)((Dockerfile|Containerfile)([._-][\w.-]+)?|[\w.-]+\.(Dockerfile|dockerfile|Containerfile))$/.test(
    path,
  );
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
