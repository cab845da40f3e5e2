import { describe, expect, it } from "vitest";
import { statementIn } from "../../src/attest/attached.js";
import { bundleMediaType } from "../../src/attest/signature/bundle.js";

const digest = `sha256:${"0".repeat(64)}`;
const many = Buffer.from(`{"a":[${"{},".repeat(3_000_000)}{}]}`);

describe("a document of more values than any has", () => {
  it.each(["application/spdx+json", "application/vnd.in-toto+json", bundleMediaType])(
    "says nothing as %s",
    async (mediaType) => {
      expect(await statementIn({ mediaType, bytes: many, annotations: {} }, digest)).toBeUndefined();
    },
  );

  it("is told from one that has less", async () => {
    const bytes = Buffer.from('{"a":[{}]}');
    const found = await statementIn({ mediaType: "application/spdx+json", bytes, annotations: {} }, digest);
    expect(found?.predicate).toEqual({ a: [{}] });
  });
});
