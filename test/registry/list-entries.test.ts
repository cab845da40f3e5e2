import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeClient } from "../support/client.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { messageThrownBy } from "../support/thrown.js";

describe("a list with what would lead elsewhere in a URL", () => {
  const traversal = "../../../other/manifests/latest";
  const digest = `sha256:${"0".repeat(64)}`;
  const client = makeClient();
  let proxy: FaultProxy;

  beforeAll(async () => {
    proxy = await startFaultProxy("127.0.0.1:9");
  });
  afterAll(() => proxy?.stop());

  it.each<[string, string]>([
    ["of tags", traversal],
    ["of tags", ""],
    ["of tags", "latest\n"],
    ["of tags", "a".repeat(129)],
    ["of referrers", `sha256:${traversal}`],
    ["of referrers", "sha256:0"],
  ])("is none: %s, %j", async (kind, entry) => {
    const isTags = kind === "of tags";
    const entries = isTags ? { tags: ["1.0.0", entry] } : { manifests: [{ digest }, { digest: entry }] };
    proxy.setFault(() => ({ kind: "answer", status: 200, body: JSON.stringify(entries) }));
    const repository = { registry: proxy.address, path: "acme/app" };
    const list = () => (isTags ? client.listTags(repository) : client.listReferrers(repository, digest));
    const said = await messageThrownBy(list);
    // A line break is shown as a blank.
    const shown = `"${entry.slice(0, 70).replace("\n", " ")}`;
    expect(said).toContain(`acme/app: GET ${isTags ? "tags/list" : `referrers/${digest}`}: lists ${shown}`);
    expect(said).toMatch(isTags ? /", which is no tag\.$/ : /", which is no digest\.$/);
  });

  it.each(["http://[", "ftp://files.example/", "data:application/json,{}", "http://me:s3cret@127.0.0.1/"])(
    "has no next page at %s",
    async (link) => {
      const headers = { link: `<${link}>; rel="next"` };
      proxy.setFault(() => ({ kind: "answer", status: 200, headers, body: '{"tags":["1.0.0"]}' }));
      expect(
        await messageThrownBy(() => client.listTags({ registry: proxy.address, path: "acme/app" })),
      ).toBe(
        `${proxy.address}/acme/app: GET tags/list: the link to its next page is no URL of HTTP without user name and password.`,
      );
    },
  );
});
