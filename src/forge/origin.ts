/** Where a repository lives, as far as its git configuration tells. */
export interface Origin {
  host: string;
  /** Path without .git: `acme/app`, `group/sub/app`. */
  path: string;
  /** Everything before the name: `acme`, `group/sub`. */
  owner: string;
  name: string;
  /** Address for people, without user or password. */
  url: string;
  forge: "github" | "gitlab" | "other";
}

const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/)([^\s?#]+?)(?:\.git)?\/?$/;
const url = /^(?:https?|ssh|git):\/\/(?:[^@/\s]*@)?([\w.-]+(?::\d+)?)\/([^\s?#]+?)(?:\.git)?\/?$/;

/** The remote `origin` of a git configuration; undefined where there is none that names a host. */
export function readOrigin(gitConfig: string | undefined): Origin | undefined {
  const section = /\[remote "origin"\]([^[]*)/.exec(gitConfig ?? "")?.[1] ?? "";
  const address = /^[ \t]*url[ \t]*=[ \t]*(\S+)[ \t]*$/m.exec(section)?.[1];
  if (address === undefined) return undefined;
  const [, host = "", path = ""] = url.exec(address) ?? scp.exec(address) ?? [];
  return originOf(host.replace(/:(?:22|443)$/, "").toLowerCase(), path);
}

/** A repository by its host and its path; undefined where they are none. */
export function originOf(host: string, path: string): Origin | undefined {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  if (host === "" || parts.length === 0 || path.split("/").some(isNoName)) return undefined;
  const forge = host === "github.com" ? "github" : /(^|\.)gitlab\./.test(host) ? "gitlab" : "other";
  return { host, path, owner: parts.join("/"), name, url: `https://${host}/${path}`, forge };
}

/** Of an owner or a repository: what leads elsewhere in a URL is none. */
function isNoName(name: string): boolean {
  return /^\.{0,2}$/.test(name) || /[?#%\\]/.test(name);
}

/** The repository of images that belongs to a repository of sources; undefined where its forge has none for all. */
export function imageRepositoryOf({ host, path, forge }: Origin): string | undefined {
  if (forge === "github") return `ghcr.io/${path}`.toLowerCase();
  return host === "gitlab.com" ? `registry.gitlab.com/${path}`.toLowerCase() : undefined;
}
