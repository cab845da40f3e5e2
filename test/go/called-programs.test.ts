import { describe, expect, it } from "vitest";
import { calledPrograms, requirePrograms } from "../../src/go/called-programs.js";
import { recordContainer } from "../support/recorded-container.js";

const syft = { section: "sboms", program: "syft" };

it.each<[string, string, ReturnType<typeof calledPrograms>]>([
  ["nothing", "version: 2\n", []],
  ["an SBOM of archives", "sboms:\n  - artifacts: archive\n    documents: [a]\n", [syft]],
  [
    "an SBOM by another program",
    "sboms: [{ cmd: cyclonedx-gomod }]\n",
    [{ ...syft, program: "cyclonedx-gomod" }],
  ],
  [
    "signatures",
    "signs: [{ cmd: cosign, artifacts: checksum }]\n",
    [{ section: "signs", program: "cosign" }],
  ],
  ["signatures of nothing", "signs: [{ cmd: cosign }]\nbinary_signs: [{}]\n", []],
  [
    "what a condition decides",
    "sboms: [{ disable: '{{ .IsSnapshot }}' }]\nsigns: [{ artifacts: all, if: x }]\n",
    [],
  ],
  ["a program by a template", "sboms: [{ cmd: '{{ .Env.SYFT }}' }]\n", []],
  ["what GoReleaser refuses", "sboms: yes\n", []],
  ["an anchor", "x: &x { artifacts: source }\nsboms: [{ <<: *x }]\n", [syft]],
])("a release calls for %s", (_, text, expected) => {
  expect(calledPrograms(text)).toEqual(expected);
});

describe("programs of a release", () => {
  const command = (output: string) =>
    recordContainer({
      'sh -c for program; do command -v "$program" > /dev/null || echo "$program"; done sh syft': output,
    });

  it("are missed before anything is built", async () => {
    await expect(requirePrograms(command("syft\n").container, [syft])).rejects.toThrow(
      ".goreleaser.yaml: sboms: expected syft in the CI image, which GoReleaser calls, got nothing. Name syft in .mise/config.toml, and in ciImage.tools of slipway.json",
    );
  });

  it("are there, or none are called", async () => {
    await expect(requirePrograms(command("").container, [syft])).resolves.toBeUndefined();
    const { container, calls } = command("syft\n");
    await requirePrograms(container, []);
    expect(calls).toEqual([]);
  });
});
