import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Slipway } from "../src/index.js";
import { ReportFormat } from "../src/report.js";
import { bodies, headers, issuedToken, type TextPlace } from "./support/answers-with-text.js";
import { hear, openModule, type Said } from "./support/called-module.js";
import { encodings, piecesOf } from "./support/encodings.js";
import type { FaultTarget } from "./support/fault.js";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.js";
import { type MemoryRegistry, startMemoryRegistry } from "./support/memory-registry.js";
import { commandsIn, unseenIn } from "./support/pipeline-log.js";

// What a registry asks to wait is not what is tested here.
vi.mock("node:timers/promises", async (original) => ({
  ...(await original<typeof import("node:timers/promises")>()),
  setTimeout: async () => {},
}));

const username = "robot$acme";
/** With characters that each encoding writes in a way of its own, all of which a header can carry. */
const password = `Kd8x"Q\\n<v>&'%41+/=ß [Zr7](`;
const credentials = Buffer.from(`${username}:${password}`).toString("base64");

/** What test/text.test.ts has one by one; short enough not to be cut. */
const hostile =
  "a\n::set-output name=b::c\r::d::e\u2028::f::g ##[h]i ##vso[j]k\u001b[31m\u0007\b\u0085\u202e\u200b";

let registry: MemoryRegistry;
let proxy: FaultProxy;
let module: Slipway;

beforeAll(async () => {
  registry = await startMemoryRegistry();
  proxy = await startFaultProxy(registry.address);
  module = openModule({
    settings: {
      release: { repositories: [{ repository: `${proxy.address}/acme/app`, latest: "highest" }] },
      ciImage: { repositories: [`${proxy.address}/acme/ci`] },
    },
    dockerConfig: { auths: { [proxy.address]: { auth: credentials } } },
  });
});
afterAll(async () => {
  await proxy?.stop();
  await registry?.stop();
});

/** Calls the module while the registry answers with a text. */
function ask(
  place: TextPlace,
  textFor: (request: FaultTarget) => string,
  format?: ReportFormat,
): Promise<Said> {
  proxy.setFault((request) => place.answer(request, textFor(request), proxy.address));
  return hear(() => place.call(module, proxy.address, format));
}

function expectNoSecret({ text, printed }: Said): void {
  const shown = `${printed}\n${text}`;
  const pieces = [password, credentials, issuedToken].flatMap((secret) => piecesOf(secret, shown));
  expect(pieces, shown).toEqual([]);
}

function expectObeyedByNobody({ text, printed }: Said): void {
  const shown = `${printed}\n${text}`;
  expect([...commandsIn(shown), ...unseenIn(shown)], shown).toEqual([]);
}

describe.each(Object.entries({ ...bodies, ...headers }))("%s", (_, place) => {
  it.each(Object.values(ReportFormat))(
    "shows no secret that comes back, whatever the result: %s",
    async (format) => {
      expectNoSecret(await ask(place, () => password, format));
    },
  );

  it("shows nothing of what authorized a request", async () => {
    expectNoSecret(await ask(place, ({ headers }) => `sent with ${headers.authorization}`));
  });
});

describe.each(Object.entries(bodies))("%s", (_, place) => {
  it("shows no half of a secret where a long text is cut", async () => {
    for (let before = 270; before < 300; before += 5)
      expectNoSecret(await ask(place, () => "x ".repeat(before).slice(-before) + password));
  });

  it("is text and nothing else", async () => {
    expectObeyedByNobody(await ask(place, () => hostile));
  });
});

describe.each([
  ["the message of an error", ReportFormat.Markdown],
  ["a tag in the list", ReportFormat.Markdown],
  ["a tag in the list", ReportFormat.Json],
] as const)("%s, as %s", (name, format) => {
  it.each(Object.keys(encodings))("shows no secret that comes back %s", async (encoding) => {
    const text = encodings[encoding]?.(password) ?? "";
    const place = bodies[name];
    if (place === undefined) throw new Error(`There is no place ${name}.`);
    expectNoSecret(await ask(place, () => text, format));
  });
});

it("says the rest of an answer as it is", async () => {
  const { "the message of an error": place } = bodies;
  const said = place && (await ask(place, () => `bad password ${password} for ${username}`));
  expect(said).toMatchObject({ ok: false, printed: "" });
  expect(said?.text).toContain(`answered 403 (DENIED: bad password REDACTED for ${username}).`);
});
