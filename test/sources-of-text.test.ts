import { describe, expect, it } from "vitest";
import { selectBinaries } from "../src/binaries/binaries.js";
import { reportPreflight, uncheckedRemarks } from "../src/binaries/preflight-report.js";
import { compareCacheKey } from "../src/ci-image/cache-key.js";
import { reportMise } from "../src/ci-image/report.js";
import { reportSize } from "../src/ci-image/size.js";
import { reportVerification } from "../src/ci-image/verification.js";
import { reportPrune } from "../src/cleanup/report.js";
import { failureOf } from "../src/command.js";
import { parseSettings } from "../src/config.js";
import { buildFailure } from "../src/engine.js";
import { parseManifest } from "../src/oci/manifest.js";
import { parseDockerConfig } from "../src/registry/credentials.js";
import { parseReference } from "../src/registry/reference.js";
import { requireSet } from "../src/release/archive-set.js";
import { reportPlan, reportRelease } from "../src/release/report.js";
import { type Report, ReportFormat, render } from "../src/report.js";
import { readRef } from "../src/tags/ref.js";
import { hostileTexts } from "./support/hostile-text.js";
import { commandsIn, unseenIn } from "./support/pipeline-log.js";
import { messageThrownBy } from "./support/thrown.js";

type Show<T> = (text: string) => T;

/** Reports that show a text from elsewhere, by where that is from. */
const reports: Readonly<Record<string, Show<Report>>> = {
  "the branch of a plan": (branch) => reportPlan([{ trigger: { kind: "branch", branch }, repositories: [] }]),
  "the branch of a release, a platform of an archive and a file that was not checked": (text) =>
    reportRelease(
      [
        {
          trigger: { kind: "main", branch: text },
          image: { [text]: "sha256:0" },
          origin: "archives",
          remarks: uncheckedRemarks([
            { subject: text, check: "version", expected: "1.2.3", found: text, holds: undefined },
          ]),
          outcomes: [],
        },
      ],
      { checks: 1 },
    ),
  "notes about versions": (note) =>
    reportMise({ version: "2025.12.13", source: "pin", notes: [note, `github: ${note}`] }),
  "tags and what a registry says": (text) =>
    reportPrune([
      {
        repository: "ghcr.io/acme/app",
        ok: true,
        confirmed: true,
        listsUntagged: true,
        named: [],
        plan: { kept: [{ digest: "sha256:1", tags: [text], rule: "young", reason: text }], removable: [] },
        results: [{ digest: "sha256:2", tags: [text], result: "refused", detail: text }],
      },
    ]),
  "what a tool prints, and why an image was not read": (text) =>
    reportVerification([
      {
        platform: `linux/${text}`,
        checks: [{ name: "Go", expected: "1.25.5", found: text, ok: true }],
        size: reportSize(
          { layers: [], config: 0, tools: [], isForeign: false, hasOtherGo: false },
          parseSettings(undefined).ciImage.size,
          {
            unread: text,
          },
        ),
      },
    ]),
  "what a binary says of itself": (text) =>
    reportPreflight([{ subject: text, check: "version", expected: text, found: text, holds: true }]),
};

/** What throws an error that shows one. */
const errors: Readonly<Record<string, Show<unknown>>> = {
  "a git ref": (text) => readRef(text, { mainBranch: "main", preRelease: true }),
  "a branch": (text) => readRef(`refs/${text}`, { mainBranch: "main", preRelease: true }),
  "a tag": (text) => readRef(`refs/tags/${text}`, { mainBranch: "main", preRelease: true }),
  "a reference": (text) => parseReference(text),
  "settings that are no JSON": (text) => parseSettings(text),
  "a field of the settings": (text) => parseSettings(JSON.stringify({ [text]: text })),
  "a host in Docker's configuration": (host) =>
    parseDockerConfig(JSON.stringify({ auths: { [host]: { auth: "YQ==" } } })),
  "files in the directory of the binaries": (file) =>
    selectBinaries([], new Set([file]), { platforms: ["linux/amd64"], names: [], ids: [] }, "--binaries"),
  "names and IDs in artifacts.json": (text) =>
    selectBinaries(
      [text, `${text}2`].map((path) => ({ name: "app", platform: "linux/amd64", path, id: text })),
      new Set(),
      { platforms: ["linux/amd64", "linux/arm64"], names: ["app"], ids: [] },
      "--binaries",
    ),
  "a binary that fails": (text) =>
    reportPreflight([{ subject: text, check: "version", expected: text, found: text, holds: false }]),
  "an archive, its platform and its annotations": (text) =>
    requireSet(
      [
        { file: text, platforms: [text], annotations: { [text]: text } },
        {
          file: "b.tar",
          platforms: ["linux/amd64"],
          annotations: { "org.opencontainers.image.version": text },
        },
      ],
      { platforms: ["linux/arm64"], version: "1.2.3", revision: "0a" },
    ),
  "a manifest": (text) => parseManifest(Buffer.from(text), "ghcr.io/acme/app:1"),
  "a line of a build's log": (text) => {
    throw buildFailure(
      "Dockerfile",
      Object.assign(new Error("exit code 1"), {
        cmd: ["sh", "-c", text],
        exitCode: 1,
        stdout: "",
        stderr: text,
      }),
    );
  },
  "a tool that fails": (stderr) =>
    reportVerification([
      {
        platform: "linux/amd64",
        checks: [
          { name: "Go", expected: "1", found: failureOf({ exitCode: 1, stdout: "", stderr }), ok: false },
        ],
        size: reportSize(
          { layers: [], config: 0, tools: [], isForeign: false, hasOtherGo: false },
          parseSettings(undefined).ciImage.size,
          {
            unread: "",
          },
        ),
      },
    ]),
  "a committed cache key": (text) =>
    compareCacheKey(`${"0".repeat(64)}  ${text}\n`, [{ path: text, content: undefined }]),
};

/** HTML, images and links that a text brought into markdown. */
function markupIn(markdown: string): string[] {
  return markdown.match(/(?<!\\)(?:<(?:img|!--|https:)|\[[xy]\]\(|(?<=:)\/\/evil|www\.evil|`a`)/g) ?? [];
}

describe.each(Object.entries(hostileTexts))("%s", (_, text) => {
  it.each(Object.entries(reports))("is text and nothing else where it is %s", (_name, show) => {
    for (const format of [ReportFormat.Markdown, ReportFormat.Json]) {
      const shown = render(show(text), format);
      expect([...commandsIn(shown), ...unseenIn(shown)], shown).toEqual([]);
    }
    expect(markupIn(show(text).markdown)).toEqual([]);
  });

  it.each(Object.entries(errors))("is text and nothing else in an error about %s", async (_name, show) => {
    const shown = await messageThrownBy(() => show(text));
    expect(shown).not.toMatch(/^no SlipwayError/);
    expect([...commandsIn(shown), ...unseenIn(shown)], shown).toEqual([]);
  });
});
