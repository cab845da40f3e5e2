import { describe, expect, it } from "vitest";
import type { KeptManifest } from "../../src/cleanup/policy.js";
import type { PruneOutcome, PruneResult } from "../../src/cleanup/prune.js";
import { reportPrune, reportTagRemoval } from "../../src/cleanup/report.js";
import type { Failure } from "../../src/registry/outcome.js";
import { messageThrownBy } from "../support/thrown.js";

const kept = (digest: string, rule: KeptManifest["rule"], reason: string): KeptManifest => ({
  digest,
  tags: [],
  rule,
  reason,
});
const tagged = { ...kept("sha256:1", "tagged", "tagged 1.2.3, latest"), tags: ["1.2.3", "latest"] };
const planned: PruneOutcome = {
  repository: "ghcr.io/acme/app",
  ok: true,
  confirmed: false,
  listsUntagged: true,
  named: [],
  plan: {
    kept: [
      kept("sha256:4", "needed", "listed by 1.2.3"),
      tagged,
      kept("sha256:5", "young", "changed less than 24 h ago"),
      kept("sha256:6", "needed", "listed by 1.2.3"),
    ],
    removable: [
      { digest: "sha256:2", tags: [], reason: "nothing tags or lists it" },
      { digest: "sha256:3", tags: [], reason: "listed by sha256:2, which goes as well" },
    ],
  },
  results: [],
};
const stays = [
  "| stays | tags | because |",
  "|---|---|---|",
  "| sha256:5 |  | changed less than 24 h ago |",
  "",
  "Stays: 1 tagged, 2 needed by others that stay, 1 too young, or of unknown age.",
];
const executed = (...results: PruneResult[]): PruneOutcome => ({ ...planned, confirmed: true, results });
const unread: Failure = { repository: "docker.io/acme/app", ok: false, error: "docker.io/acme/app: no." };
const two = { digest: "sha256:2", tags: [] };
const three = { digest: "sha256:3", tags: [] };

describe("reportPrune", () => {
  it("shows a plan with every reason, and that nothing was removed", () => {
    expect(reportPrune([planned]).markdown.split("\n")).toEqual([
      "**ghcr.io/acme/app: 2 of 6 manifests would go; nothing was removed, --confirm removes.**",
      "",
      "| would go | tags | because |",
      "|---|---|---|",
      "| sha256:2 |  | nothing tags or lists it |",
      "| sha256:3 |  | listed by sha256:2, which goes as well |",
      "",
      ...stays,
    ]);
  });

  it("shows what became of each manifest, and counts", () => {
    const outcome = executed(
      { ...two, result: "deleted" },
      { ...three, result: "kept", detail: "listed by 1.2.4" },
    );
    const { markdown, data } = reportPrune([outcome]);
    expect(markdown.split("\n")).toEqual([
      "**ghcr.io/acme/app: 2 of 6 manifests were to go: 1 deleted, 1 kept.**",
      "",
      "| manifest | tags | result | detail |",
      "|---|---|---|---|",
      "| sha256:2 |  | deleted |  |",
      "| sha256:3 |  | kept | listed by 1.2.4 |",
      "",
      ...stays,
    ]);
    expect(data).toEqual([outcome]);
  });

  it("says why something stays that was named", () => {
    const plan = { kept: [tagged], removable: [] };
    const { markdown } = reportPrune([{ ...planned, named: [tagged.digest], plan }]);
    expect(markdown).toContain("| sha256:1 | 1.2.3, latest | tagged 1.2.3, latest |");
  });

  it("says what was named and is not there", () => {
    const { markdown } = reportPrune([{ ...planned, named: ["sha256:2", "sha256:8", "sha256:9"] }]);
    expect(markdown.split("\n")).toContain("Not there: sha256:8, sha256:9.");
  });

  it("shortens the digests in reasons, and no others", () => {
    const [digest, parent] = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`);
    const removable = [{ digest: `${digest}`, tags: [], reason: `listed by ${parent}, which goes as well` }];
    const { markdown } = reportPrune([{ ...planned, plan: { kept: [], removable } }]);
    expect(markdown).toContain(`| ${digest} |  | listed by sha256:bbbbbbbbbbbb…, which goes as well |`);
  });

  it("says what a registry cannot list", () => {
    const nothing = { kept: [], removable: [] };
    const { markdown } = reportPrune([{ ...planned, listsUntagged: false, plan: nothing }]);
    expect(markdown.split("\n")).toEqual([
      "**ghcr.io/acme/app: 0 of 0 manifests would go; nothing was removed, --confirm removes.**",
      "",
      "This registry lists no manifests without a tag: those named with --digests can be removed, and what they list. The others are left to its own garbage collection.",
    ]);
  });

  it("takes for no failure what the registry's rules forbid", () => {
    const { markdown } = reportPrune([
      executed({ ...two, result: "refused", detail: "GitHub says: more than 5000 downloads" }),
    ]);
    expect(markdown).toContain("1 refused by the registry");
    expect(markdown).toContain("| refused by the registry | GitHub says: more than 5000 downloads |");
  });

  it("throws the whole report where a deletion or a repository failed, failures first", async () => {
    const detail = "ghcr.io/acme/app: DELETE version 2: answered 500.";
    const failed = executed(
      { ...two, result: "failed", detail },
      { ...two, result: "failed", detail },
      { ...three, result: "absent" },
    );
    const message = await messageThrownBy(() => reportPrune([unread, failed]));
    expect(message.split("\n").slice(0, 6)).toEqual([
      "docker.io/acme/app: no.",
      detail,
      "",
      "**docker.io/acme/app: failed, nothing was removed.**",
      "",
      "**ghcr.io/acme/app: 2 of 6 manifests were to go: 2 failed, 1 was gone already.**",
    ]);
  });
});

describe("reportTagRemoval", () => {
  const deleted = {
    repository: "ghcr.io/acme/app",
    ok: true,
    tag: "0.0.1-test",
    digest: "sha256:1",
    result: "deleted",
  } as const;
  const header = ["| repository | tag | digest | result |", "|---|---|---|---|"];
  const row = "| ghcr.io/acme/app | 0.0.1-test | sha256:1 | deleted |";

  it("says what became of the tag in each repository", () => {
    const absent = {
      repository: "docker.io/acme/app",
      ok: true,
      tag: "0.0.1-test",
      result: "absent",
    } as const;
    const { markdown, data } = reportTagRemoval("0.0.1-test", [deleted, absent]);
    expect(markdown.split("\n")).toEqual([
      ...header,
      row,
      "| docker.io/acme/app | 0.0.1-test |  | was gone already |",
    ]);
    expect(data).toEqual([deleted, absent]);
  });

  it("throws the same where a repository failed", async () => {
    const message = await messageThrownBy(() => reportTagRemoval("0.0.1-test", [deleted, unread]));
    expect(message.split("\n")).toEqual([
      "docker.io/acme/app: no.",
      "",
      ...header,
      row,
      "| docker.io/acme/app | 0.0.1-test |  | failed |",
    ]);
  });
});
