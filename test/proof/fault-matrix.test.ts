import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { PublishableImage } from "../../src/oci/source.js";
import { pushImage } from "../../src/registry/publish.js";
import { formatRepository, type Repository } from "../../src/registry/reference.js";
import { publishRelease, type ReleaseOutcome } from "../../src/release/publish.js";
import { makeClient } from "../support/client.js";
import {
  type Fault,
  type FaultProxy,
  type FaultTarget,
  type ProxiedRequest,
  startFaultProxy,
} from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { makePublication } from "../support/publication.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { makeReleasedImage } from "../support/released-image.js";
import { type RunningTokenIssuer, startTokenIssuer } from "../support/token-issuer.js";

/** How long an answer is waited for: a stall is not waited for as long as in production. */
const deadline = vi.hoisted(() => ({ milliseconds: 60_000 }));
vi.mock("../../src/registry/bounds.js", async (original) => ({
  ...(await original<object>()),
  get answerTime() {
    return deadline.milliseconds;
  },
}));

type Matcher = (request: FaultTarget) => boolean;

/** A kind of request that a publication makes. */
interface Kind {
  matches: Matcher;
  /** What its answer has where all is well: a body that can be cut, or none. */
  hasBody: boolean;
  /** What an error says of it. */
  named: RegExp;
  /** For how many blobs it is made, where it does not say for which. */
  blobs?: number;
}

const digest = "sha256:[0-9a-f]{64}";

function ofRepository(method: string, target: string, hasBody = false): Kind {
  return {
    // The first request of all is answered with the challenge, whatever it asks for.
    matches: ({ headers, ...request }) =>
      headers.authorization !== undefined &&
      request.method === method &&
      new RegExp(`^/v2/acme/[^/]+/${target}$`).test(request.path),
    hasBody,
    named: new RegExp(`: ${method} ${target.replace(/\/\?*\.\*$/, "")}`),
  };
}

const kinds: Readonly<Record<string, Kind>> = {
  token: {
    // Without a password it is the test that asks.
    matches: ({ path, headers }) => path.startsWith("/token?") && headers.authorization !== undefined,
    hasBody: true,
    named: /: its token service/,
  },
  "GET tags": ofRepository("GET", "tags/list.*", true),
  "HEAD blob": ofRepository("HEAD", `blobs/${digest}`),
  "POST upload": { ...ofRepository("POST", "blobs/uploads/.*"), blobs: 4 },
  "PUT blob": ofRepository("PUT", "blobs/uploads/.*"),
  "HEAD manifest": ofRepository("HEAD", `manifests/${digest}`),
  "PUT manifest": ofRepository("PUT", `manifests/${digest}`),
  "GET manifest": ofRepository("GET", `manifests/${digest}`, true),
  "GET blob": ofRepository("GET", `blobs/${digest}`, true),
  "HEAD tag": ofRepository("HEAD", "manifests/[0-9.]+"),
  "PUT tag": ofRepository("PUT", "manifests/[0-9.]+"),
};

const statuses = [408, 429, 499, 500, 502, 503, 504, 522];

/** What each fault is to a kind of request; undefined where it cannot be. */
const faults: Readonly<Record<string, (kind: Kind, name: string) => Fault | undefined>> = {
  ...Object.fromEntries(statuses.map((status) => [status, () => ({ kind: "answer", status }) as const])),
  "secondary limit": () => ({
    kind: "answer",
    status: 403,
    headers: { "content-type": "application/json" },
    body: '{"message":"You have exceeded a secondary rate limit."}',
  }),
  reset: () => ({ kind: "reset" }),
  "truncated body": ({ hasBody }, name) => {
    if (hasBody) return { kind: "interrupted-answer" };
    return name.startsWith("PUT ") ? { kind: "interrupted-request" } : undefined;
  },
  stall: () => ({ kind: "delay", milliseconds: 600_000 }),
};

interface Cell {
  name: string;
  kind: Kind;
  fault: Fault;
  /** One fault and then none, or each time. */
  forGood: boolean;
  /** Whether something else is asked in its place, so that it is got over even for good. */
  hasOther: boolean;
}

/** A 403 without a body does not say whether it is a limit: what was asked with HEAD is asked with GET. */
const hasOther = (name: string) => name.startsWith("secondary limit, HEAD ");

const pairs = Object.entries(faults).flatMap(([fault, make]) =>
  Object.entries(kinds).map(([name, kind]) => ({ name: `${fault}, ${name}`, kind, fault: make(kind, name) })),
);
const cells = pairs.flatMap(({ fault, ...pair }) =>
  fault === undefined
    ? []
    : [false, true].map((forGood): Cell => ({ ...pair, fault, forGood, hasOther: hasOther(pair.name) })),
);
const absent = pairs.flatMap(({ name, fault }) => (fault === undefined ? [name] : []));
const [stalls, others] = [true, false].map((isStall) =>
  cells.filter(({ fault }) => (fault.kind === "delay") === isStall),
) as [Cell[], Cell[]];

const writer = { kind: "password", username: "writer", password: "s3cret" } as const;
const cellsAtOnce = 8;
const mostAttempts = 5;
const image = await makeReleasedImage("program");
const earlier = makeImage({ platforms: ["linux/amd64"] });
const digestOf = ({ index }: PublishableImage) => index.descriptor.digest;
const release = { tags: ["{version}", "{major}.{minor}"] };

let issuer: RunningTokenIssuer;
let tokens: FaultProxy;
let registry: RunningRegistry;
let proxy: FaultProxy;

const pathOf = (cell: Cell) => `acme/cell-${cells.indexOf(cell)}`;
const repositoryOf = (request: FaultTarget) => /acme\/cell-\d+/.exec(decodeURIComponent(request.path))?.[0];

beforeAll(async () => {
  const grants = Object.fromEntries(cells.map((cell) => [pathOf(cell), ["pull", "push"] as const]));
  issuer = await startTokenIssuer({
    users: { writer: { password: writer.password, grants } },
    anonymous: grants,
  });
  tokens = await startFaultProxy(issuer.address);
  registry = await startRegistry({ tokenAuth: { ...issuer, realm: `http://${tokens.address}/token` } });
  proxy = await startFaultProxy(registry.address);
  const met = new Set<Cell>();
  const byPath = new Map(cells.map((cell) => [pathOf(cell), cell]));
  for (const { setFault } of [proxy, tokens])
    setFault((request) => {
      const cell = byPath.get(repositoryOf(request) ?? "");
      if (cell === undefined || !cell.kind.matches(request)) return undefined;
      if (!cell.forGood && met.has(cell)) return undefined;
      met.add(cell);
      return cell.fault;
    });
});
afterAll(async () => {
  await proxy?.stop();
  await registry?.stop();
  await tokens?.stop();
  await issuer?.stop();
});

it("every kind of fault at every kind of request: once is got over, for good is said", {
  timeout: 600_000,
}, async () => {
  const started = performance.now();
  const complaints = await inBatches(others);
  // No answer takes as long, on whatever machine, as one that never comes.
  deadline.milliseconds = 3_000;
  complaints.push(...(await inBatches(stalls)));

  const requests = [proxy, tokens].flatMap((at) => at.requests);
  const isPatch = ({ method }: ProxiedRequest) => method === "PATCH";
  console.info(
    [
      `fault matrix: ${cells.length / 2} cells, each once and for good,`,
      `${requests.length} requests, ${requests.filter(({ fault }) => fault !== undefined).length} faults,`,
      `${complaints.length} complaints, ${((performance.now() - started) / 1000).toFixed(0)} s.`,
      `That cannot be: PATCH (${requests.filter(isPatch).length} sent), ${absent.join("; ")}.`,
    ].join(" "),
  );
  expect(complaints).toEqual([]);
});

async function inBatches(queue: readonly Cell[]): Promise<string[]> {
  const complaints: string[] = [];
  const waiting = queue.values();
  const worker = async () => {
    for (const cell of waiting) {
      const found = await complaintsAbout(cell);
      complaints.push(
        ...found.map((complaint) => `${cell.name}, ${cell.forGood ? "for good" : "once"}: ${complaint}`),
      );
    }
  };
  await Promise.all(Array.from({ length: cellsAtOnce }, worker));
  return complaints;
}

async function complaintsAbout(cell: Cell): Promise<string[]> {
  const repository = { registry: proxy.address, path: pathOf(cell) };
  const credentials = new Map([[proxy.address, writer]]);
  const client = makeClient({ credentials, push: [repository] });
  await seedEarlier(repository);
  const [outcome] = (
    await publishRelease([makePublication([repository], image, { client, release })])
  ).flat();
  const requests = [proxy, tokens].flatMap((at) =>
    at.requests.filter((request) => repositoryOf(request) === repository.path),
  );
  const found = await tagsOf(repository);
  return [
    ...(cell.forGood && !cell.hasOther
      ? complaintsOfFailure(cell, repository, outcome, requests)
      : complaintsOfSuccess(cell, outcome, requests, found)),
    ...found
      .filter(([tag, held]) => held !== (tag === "1.1.0" ? digestOf(earlier) : digestOf(image.packed)))
      .map(([tag, held]) => `${tag} holds ${held}`),
    ...writtenTwice(requests),
  ];
}

function complaintsOfSuccess(
  { forGood }: Cell,
  outcome: ReleaseOutcome | undefined,
  requests: readonly ProxiedRequest[],
  found: readonly (readonly [string, string | undefined])[],
): string[] {
  const met = requests.filter(({ fault }) => fault !== undefined).length;
  return [
    ...(outcome?.ok === true ? [] : [`failed: ${outcome?.error}`]),
    ...((forGood ? met > 0 : met === 1) ? [] : [`met ${met} faults`]),
    ...(found.length === 4 ? [] : [`has ${found.length} of 4 tags`]),
  ];
}

function complaintsOfFailure(
  { kind }: Cell,
  repository: Repository,
  outcome: ReleaseOutcome | undefined,
  requests: readonly ProxiedRequest[],
): string[] {
  if (outcome === undefined || outcome.ok) return ["succeeded"];
  const { error } = outcome;
  const name = kind.named.source.includes("token") ? repository.registry : formatRepository(repository);
  const attempts = new Map<string, number>();
  for (const { method, path, fault } of requests) {
    // Each session of an upload has a name of its own: what is sent there is not.
    const target = `${method} ${/digest=[^&]+/.exec(path) ?? path}`;
    if (fault !== undefined) attempts.set(target, (attempts.get(target) ?? 0) + 1);
  }
  return [
    ...(error.includes(name) && kind.named.test(error) ? [] : [`does not name what was asked: ${error}`]),
    ...[...attempts]
      .filter(([, times]) => times > mostAttempts * (kind.blobs ?? 1))
      .map(([target, times]) => `${times} attempts of ${target}`),
    ...(attempts.size > 0 ? [] : ["met no fault"]),
  ];
}

/** What a registry took more than once. */
function writtenTwice(requests: readonly ProxiedRequest[]): string[] {
  const written = new Map<string, number>();
  for (const { method, path, upstreamStatus } of requests)
    if (method === "PUT" && upstreamStatus === 201) {
      const target = `${/digest=[^&]+/.exec(path) ?? path}`;
      written.set(target, (written.get(target) ?? 0) + 1);
    }
  return [...written].filter(([, times]) => times > 1).map(([target]) => `${target} was written twice`);
}

/** A version before, so that there are tags to read. */
async function seedEarlier({ path }: Repository): Promise<void> {
  const repository = { registry: registry.address, path };
  const client = makeClient({ push: [repository] });
  await pushImage(client, repository, earlier);
  await client.putManifest(repository, "1.1.0", earlier.index);
}

/** All tags with what they hold, asked for without faults. */
async function tagsOf({ path }: Repository): Promise<(readonly [string, string | undefined])[]> {
  const repository = { registry: registry.address, path };
  const client = makeClient();
  const tags = (await client.listTags(repository)) ?? [];
  return Promise.all(
    tags.map(async (tag) => [tag, (await client.headManifest(repository, tag))?.digest] as const),
  );
}
