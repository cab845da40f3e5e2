import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { listenOnLoopback } from "./loopback.js";

/** A request that was answered. */
export interface ForgeRequest {
  method: string;
  /** With its query. */
  path: string;
  status: number;
}

/** What the forge has of a release. */
interface StoredRelease {
  id: number;
  tag: string;
  draft: boolean;
  body: string;
  prerelease: boolean;
  latest: string;
  assets: StoredAsset[];
}

interface StoredAsset {
  id: number;
  name: string;
  state: string;
  content: Buffer;
}

interface Answer {
  status: number;
  body?: unknown;
}

type Handler = (request: {
  method: string;
  url: URL;
  body: Buffer;
  json: () => Fields;
}) => Answer | undefined;
type Fields = Record<string, unknown>;

/** What is seen of a forge from outside. */
export interface StandInForge {
  /** `http://127.0.0.1:<port>` */
  url: string;
  requests: ForgeRequest[];
  /** Answers in place of the forge: the status, before anything is changed; or the connection is closed after it was. */
  fault?:
    | ((request: { method: string; path: string; number: number }) => number | "lost" | undefined)
    | undefined;
  /** What anybody sees: the files of the release of a tag; undefined where there is none. */
  shown(tag: string): Record<string, string> | undefined;
  stop(): Promise<void>;
}

/** The header that has to name the token, and its value. */
type Expected = readonly [header: string, value: string];

async function serve(
  [header, value]: Expected,
  handle: Handler,
  shown: StandInForge["shown"],
): Promise<StandInForge> {
  const forge: StandInForge = { url: "", requests: [], shown, stop: async () => {} };
  const answer = async (request: IncomingMessage): Promise<Answer | "lost"> => {
    const { method = "" } = request;
    const url = new URL(request.url ?? "", forge.url);
    const body = await buffer(request);
    const path = `${url.pathname}${url.search}`;
    const fault = forge.fault?.({ method, path, number: forge.requests.length });
    const given =
      typeof fault === "number"
        ? { status: fault, body: { message: "a fault" } }
        : request.headers[header] !== value
          ? { status: 401, body: { message: "Bad credentials" } }
          : (handle({ method, url, body, json: () => JSON.parse(body.toString()) as Fields }) ?? {
              status: 404,
              body: { message: "Not Found" },
            });
    forge.requests.push({ method, path, status: given.status });
    return fault === "lost" ? fault : given;
  };
  const server = await listenOnLoopback(
    createServer((request, response) => {
      answer(request).then((given) => {
        if (given === "lost") return response.destroy();
        response.writeHead(given.status, { "content-type": "application/json" });
        return response.end(given.body === undefined ? undefined : JSON.stringify(given.body));
      });
    }),
  );
  forge.url = `http://${server.address}`;
  forge.stop = () => server.stop();
  return forge;
}

/**
 * GitHub, as its REST API describes releases, their assets and commits (version 2022-11-28): a draft is found by no tag, a
 * name is taken once, and where a release is immutable nothing of it changes once it is published.
 */
export async function startGitHubReleases(
  commits: Readonly<Record<string, string>>,
  { immutable = false, uploads }: { immutable?: boolean; uploads?: string } = {},
): Promise<StandInForge & { releases: StoredRelease[] }> {
  const releases: StoredRelease[] = [];
  let last = 0;
  const shownAs = ({ id, tag, draft }: StoredRelease) => ({
    id,
    tag_name: tag,
    draft,
    upload_url: `${uploads ?? forge.url}/upload/${id}/assets{?name,label}`,
  });
  const assetAs = ({ id, name, state, content }: StoredAsset) => ({
    id,
    name,
    state,
    size: content.length,
    digest: state === "uploaded" ? digestOf(content) : null,
  });
  const byId = (id: string | undefined) => releases.find((release) => String(release.id) === id);
  const forge = await serve(
    ["authorization", "Bearer t-1"],
    ({ method, url: { pathname, searchParams }, body, json }) => {
      const [, tagged] = /^\/repos\/acme\/app\/commits\/tags%2F(.+)$/.exec(pathname) ?? [];
      if (tagged !== undefined) {
        const sha = commits[decodeURIComponent(tagged)];
        return sha === undefined
          ? { status: 422, body: { message: "No commit found" } }
          : { status: 200, body: { sha } };
      }
      const [, wanted] = /^\/repos\/acme\/app\/releases\/tags\/(.+)$/.exec(pathname) ?? [];
      if (wanted !== undefined) {
        const found = releases.find(({ tag, draft }) => !draft && tag === decodeURIComponent(wanted));
        return found && { status: 200, body: shownAs(found) };
      }
      const [, uploadedTo] = /^\/upload\/(\d+)\/assets$/.exec(pathname) ?? [];
      if (uploadedTo !== undefined && method === "POST") {
        const release = byId(uploadedTo);
        const name = searchParams.get("name") ?? "";
        if (release === undefined) return undefined;
        if (release.assets.some((asset) => asset.name === name))
          return {
            status: 422,
            body: { message: "Validation Failed", errors: [{ code: "already_exists" }] },
          };
        if (immutable && !release.draft)
          return { status: 422, body: { message: "Cannot upload assets to an immutable release." } };
        last += 1;
        release.assets.push({ id: last, name, state: "uploaded", content: body });
        return { status: 201, body: {} };
      }
      const [, assetId] = /^\/repos\/acme\/app\/releases\/assets\/(\d+)$/.exec(pathname) ?? [];
      if (assetId !== undefined && method === "DELETE") {
        for (const release of releases)
          release.assets = release.assets.filter(({ id }) => String(id) !== assetId);
        return { status: 204 };
      }
      const [, id, list] = /^\/repos\/acme\/app\/releases\/(\d+)(\/assets)?$/.exec(pathname) ?? [];
      const release = byId(id);
      if (release !== undefined && list !== undefined)
        return { status: 200, body: release.assets.map(assetAs) };
      if (release !== undefined && method === "PATCH") {
        const { draft, make_latest } = json();
        Object.assign(release, { draft, latest: make_latest });
        return { status: 200, body: shownAs(release) };
      }
      if (pathname !== "/repos/acme/app/releases") return undefined;
      if (method === "GET") return { status: 200, body: releases.map(shownAs) };
      const { tag_name, draft, body: notes, prerelease } = json();
      last += 1;
      const created = {
        id: last,
        tag: String(tag_name),
        draft: draft === true,
        body: String(notes),
        prerelease: prerelease === true,
        latest: "",
        assets: [],
      };
      releases.push(created);
      return { status: 201, body: shownAs(created) };
    },
    (tag) => {
      const found = releases.find((release) => !release.draft && release.tag === tag);
      return found && Object.fromEntries(found.assets.map(({ name, content }) => [name, content.toString()]));
    },
  );
  return Object.assign(forge, { releases });
}

/**
 * GitLab, as its documentation describes releases, their links, and generic packages: a file of a package is never
 * replaced, the last one of a name is downloaded, and a release has each link once.
 */
export async function startGitLabReleases(
  header = "private-token",
  commits: Readonly<Record<string, string>> = {},
): Promise<
  StandInForge & {
    files: { package: string; version: string; name: string; content: Buffer }[];
    links: Fields[];
  }
> {
  const files: { package: string; version: string; name: string; content: Buffer }[] = [];
  const links: Fields[] = [];
  const releases = new Map<string, Fields>();
  const project = "/api/v4/projects/group%2Fsub%2Fapp";
  const forge = await serve(
    [header, "t-1"],
    ({ method, url: { pathname, searchParams }, body, json }) => {
      if (!pathname.startsWith(project)) return undefined;
      const path = pathname.slice(project.length);
      const [, tagged] = /^\/repository\/tags\/(.+)$/.exec(path) ?? [];
      if (tagged !== undefined) {
        const id = commits[decodeURIComponent(tagged)];
        return id === undefined ? undefined : { status: 200, body: { commit: { id } } };
      }
      const [, name = "", version = "", file = ""] =
        /^\/packages\/generic\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
      if (file !== "" && method === "PUT") {
        files.push({ package: name, version, name: decodeURIComponent(file), content: body });
        return { status: 201, body: { message: "201 Created" } };
      }
      const packages = [...new Set(files.map((each) => `${each.package} ${each.version}`))];
      if (path === "/packages") {
        // The name is matched by a part of it.
        const found = packages.flatMap((each, at) => {
          const [own = "", of = ""] = each.split(" ");
          return own.includes(searchParams.get("package_name") ?? "")
            ? [{ id: at + 1, name: own, version: of }]
            : [];
        });
        return { status: 200, body: found };
      }
      const [, of] = /^\/packages\/(\d+)\/package_files$/.exec(path) ?? [];
      if (of !== undefined)
        return {
          status: 200,
          body: files.flatMap((each, at) =>
            `${each.package} ${each.version}` === packages[Number(of) - 1]
              ? [
                  {
                    id: at,
                    file_name: each.name,
                    size: each.content.length,
                    file_sha256: digestOf(each.content).slice(7),
                  },
                ]
              : [],
          ),
        };
      const [, tag, linked] = /^\/releases\/([^/]+)(\/assets\/links)?$/.exec(path) ?? [];
      if (linked !== undefined && method === "GET") return { status: 200, body: links };
      if (linked !== undefined) {
        links.push(json());
        return { status: 201, body: {} };
      }
      if (tag !== undefined) {
        const found = releases.get(decodeURIComponent(tag));
        return found && { status: 200, body: found };
      }
      if (path !== "/releases" || method !== "POST") return undefined;
      const { tag_name, description, assets } = json();
      if (releases.has(String(tag_name))) return { status: 409, body: { message: "Release already exists" } };
      releases.set(String(tag_name), { tag_name, description });
      links.push(...((assets as { links: Fields[] }).links ?? []));
      return { status: 201, body: {} };
    },
    (tag) =>
      releases.has(tag)
        ? Object.fromEntries(
            links.map(({ name, url }) => {
              const last = files.findLast((each) =>
                String(url).endsWith(`/${each.package}/${each.version}/${each.name}`),
              );
              return [String(name), last?.content.toString() ?? ""];
            }),
          )
        : undefined,
  );
  return Object.assign(forge, { files, links });
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
