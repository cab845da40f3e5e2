import { describe, expect, it } from "vitest";
import { openTarget } from "../../src/cleanup/targets.js";
import { parseRepository } from "../../src/registry/reference.js";
import { clientSettings } from "../support/client.js";

describe("openTarget", () => {
  it.each([
    ["ghcr.io/acme/app", "https://api.github.com/users/acme", true],
    ["acme/app", "https://registry-1.docker.io/v2/acme/app/tags/list?n=1000", false],
    ["registry.gitlab.com/acme/app", "https://registry.gitlab.com/v2/acme/app/tags/list?n=1000", false],
  ])("of %s asks %s", async (repository, url, listsUntagged) => {
    const asked: string[] = [];
    const fetch = async (url: string) => {
      asked.push(url);
      throw new TypeError("fetch failed");
    };
    const target = openTarget({ ...clientSettings, fetch }, parseRepository(repository));
    await expect(target.read([])).rejects.toThrow(`${target.repository.path}: GET`);
    expect([new Set(asked), target.listsUntagged]).toEqual([new Set([url]), listsUntagged]);
  });
});
