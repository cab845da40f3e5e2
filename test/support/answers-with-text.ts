import { labels } from "../../src/ci-image/image.js";
import type { Slipway } from "../../src/index.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import type { ReportFormat } from "../../src/report.js";
import type { Fault, FaultTarget } from "./fault.js";
import { describeBytes } from "./image.js";

/** A place where an answer of a registry carries text, and the call of the module by which it comes. */
export interface TextPlace {
  call(module: Slipway, registry: string, format?: ReportFormat): Promise<string>;
  /** What the registry, or the token service beside it, answers; undefined is what it always does. */
  answer(request: FaultTarget, text: string, registry: string): Fault | undefined;
}

type Call = TextPlace["call"];

const verify: Call = (module, registry, format) =>
  module.verifyImage(`${registry}/acme/app:1.2.3`, false, format);
const askToPush: Call = (module, _, format) =>
  module.plan("refs/heads/main", undefined, undefined, false, false, true, undefined, 0, undefined, format);
const prune: Call = (module, _, format) => module.prune(false, undefined, 0, [], [], format);
const rollBack: Call = (module, _, format) => module.rollbackCiImage("1.2.3", ["1.0.0"], format);

const answer = (status: number, body = "", headers: Record<string, string> = {}): Fault => ({
  kind: "answer",
  status,
  body,
  headers,
});
const errors = (...said: { code?: string; message?: string }[]) => JSON.stringify({ errors: said });
const challenge = (registry: string) => ({
  "www-authenticate": `Bearer realm="http://${registry}/token",service="registry"`,
});
const descriptor = { mediaType: "a/b", digest: `sha256:${"0".repeat(64)}`, size: 1 };

const always = (to: (text: string) => Fault, call = verify): TextPlace => ({
  call,
  answer: (_, text) => to(text),
});
const manifest = (to: (text: string) => object): TextPlace =>
  always((text) => answer(200, JSON.stringify(to(text)), { "content-type": mediaTypes.manifest }));
const token = (to: (text: string) => Fault): TextPlace => ({
  call: verify,
  answer: ({ path }, text, registry) =>
    path.startsWith("/token") ? to(text) : answer(401, "", challenge(registry)),
});
const tagList = (to: (text: string) => Fault): TextPlace => ({
  call: prune,
  answer: ({ path }, text) => (path.includes("/tags/list") ? to(text) : undefined),
});

const image = (configOf: (text: string) => object, call = verify): TextPlace => ({
  call,
  answer: ({ path }, text) => partOfImage(path, configOf(text)),
});

/** An image without layers, with something changed in its configuration. */
function makeParts(change: object) {
  const rootfs = { type: "layers", diff_ids: [] };
  const config = JSON.stringify({ os: "linux", architecture: "amd64", rootfs, ...change });
  const { digest, size } = describeBytes(Buffer.from(config));
  const bytes = JSON.stringify({ schemaVersion: 2, config: { ...descriptor, digest, size }, layers: [] });
  return { config, bytes };
}

/** That image, under every tag. */
function partOfImage(path: string, change: object): Fault | undefined {
  const { config, bytes } = makeParts(change);
  if (path.includes("/blobs/")) return answer(200, config);
  return path.includes("/manifests/")
    ? answer(200, bytes, { "content-type": mediaTypes.manifest })
    : undefined;
}

/** A token as a service issues it to whoever asks. */
export const issuedToken = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb2JvdCJ9.c2lnbmF0dXJl-_x";

/** In the body of an answer. */
export const bodies: Readonly<Record<string, TextPlace>> = {
  "the code of an error": always((code) => answer(403, errors({ code, message: "x" }))),
  "the message of an error": always((message) => answer(403, errors({ code: "DENIED", message }))),
  "several errors": always((message) => answer(400, errors({ message }, { message }))),
  "an error that may pass": always((message) => answer(503, errors({ message }), { "retry-after": "0" })),
  "a refusal of the push": always((message) => answer(403, errors({ message })), askToPush),
  "a refusal of the list of tags": tagList((message) => answer(403, errors({ message }))),
  "a refusal of Basic credentials": {
    call: verify,
    answer: ({ headers }, message) =>
      headers.authorization === undefined
        ? answer(401, "", { "www-authenticate": "Basic" })
        : answer(403, errors({ message })),
  },
  "a refusal of an issued token": {
    call: verify,
    answer: ({ path, headers }, text, registry) => {
      if (path.startsWith("/token")) return answer(200, JSON.stringify({ token: issuedToken }));
      if (headers.authorization === undefined) return answer(401, "", challenge(registry));
      return answer(403, errors({ message: text }));
    },
  },
  "a refusal of a token": token((details) => answer(401, errors({ message: details }))),
  "a failure of the token service": token((text) => answer(400, text)),
  "a token that is no JSON": token((text) => answer(200, text)),
  "a manifest that is no JSON": always((text) => answer(200, text, { "content-type": mediaTypes.manifest })),
  "the media type in a manifest": manifest((mediaType) => ({ schemaVersion: 2, mediaType })),
  "a digest in a manifest": manifest((digest) => ({
    schemaVersion: 2,
    config: { ...descriptor, digest },
    layers: [],
  })),
  "a tag in the list": {
    call: (module, _, format) => {
      const { digest } = describeBytes(Buffer.from(makeParts({}).bytes));
      return module.prune(false, undefined, 0, [], [digest], format);
    },
    answer: ({ path }, tag) =>
      path.includes("/tags/list") ? answer(200, JSON.stringify({ tags: [tag] })) : partOfImage(path, {}),
  },
  "a label of an image": image((text) => ({ config: { Labels: { [labels.mise]: text } } }), rollBack),
  "the platform of an image": image((os) => ({ os })),
};

/** In a header. */
export const headers: Readonly<Record<string, TextPlace>> = {
  "the digest of a manifest": always((text) =>
    answer(200, "{}", { "content-type": mediaTypes.manifest, "docker-content-digest": text }),
  ),
  "the media type of a manifest": always((text) => answer(200, "{}", { "content-type": text })),
  "a challenge": always((text) => answer(401, "", { "www-authenticate": `Bearer realm="${text}"` })),
  "a wait": always((text) => answer(429, "", { "retry-after": text })),
  "a redirect": always((location) => answer(307, "", { location })),
  "a redirect to a host": always((text) => answer(307, "", { location: `https://${text}.invalid/` })),
  "the location of an upload": {
    call: askToPush,
    answer: ({ method }, location) => (method === "POST" ? answer(202, "", { location }) : undefined),
  },
  "the next page of a list": tagList((text) => answer(200, '{"tags":[]}', { link: `<${text}>; rel="next"` })),
};
