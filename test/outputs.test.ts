import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { InputError } from "../src/errors.js";
import { type Outputs, platformOutputs, renderOutputs, repositoryOutputs } from "../src/outputs.js";

describe("renderOutputs", () => {
  it.each<[string, Outputs, string]>([
    ["texts, numbers and truth values", { A: "1.2.3", B_2: 0, C: false }, "A=1.2.3\nB_2=0\nC=false\n"],
    ["a list with commas", { A: ["linux/amd64", "linux/arm64"] }, "A=linux/amd64,linux/arm64\n"],
    [
      "a reference as it is",
      { A: "[::1]:5000/acme/my_app@sha256:0a" },
      "A=[::1]:5000/acme/my_app@sha256:0a\n",
    ],
    ["nothing for what is empty", { A: undefined, B: "", C: [], D: 1 }, "D=1\n"],
    ["no line at all, not even an empty one, where nothing is left", { A: undefined }, ""],
  ])("gives %s", (_, outputs, text) => {
    expect(renderOutputs(outputs)).toBe(text);
  });

  it.each([
    ["a second variable", "1.2.3\nPATH=/evil"],
    ["a carriage return, which GitHub's runner takes for a line end", "1.2.3\rPATH=/evil"],
    ["a line end of Unicode", "1.2.3\u2028PATH=/evil"],
    ["white space", "a b"],
    ["quotes, which GitLab keeps as a part of the value", '"a"'],
    ["a variable, which GitLab expands", "$CI_JOB_TOKEN"],
    ["a command", "`id`"],
  ])("refuses %s, in a list as well", (_, value) => {
    for (const outputs of [{ A: value }, { A: ["a", value] }]) {
      const render = () => renderOutputs({ VERSION: "1.2.3", ...outputs });
      expect(render).toThrow(InputError);
      expect(render).toThrow("variable A: expected one word of letters, digits and");
    }
  });

  it("gives what a shell reads without quotes", () => {
    const text = renderOutputs({ A: ["linux/amd64", "a@b:c+d-e"], B: "[x]" });
    expect(execFileSync("sh", ["-euc", `${text}printf '%s %s' "$A" "$B"`], { encoding: "utf8" })).toBe(
      "linux/amd64,a@b:c+d-e [x]",
    );
  });
});

describe("repositoryOutputs", () => {
  it.each<[string, Record<string, string>, Record<string, string>]>([
    ["one", { "ghcr.io/acme/app": "1" }, { A: "1", A_GHCR_IO: "1" }],
    [
      "two registries that agree",
      { "ghcr.io/acme/app": "1", "localhost:5000/acme/app": "1" },
      { A: "1", A_GHCR_IO: "1", A_LOCALHOST_5000: "1" },
    ],
    [
      "two that do not",
      { "ghcr.io/acme/app": "1", "docker.io/acme/app": "2" },
      { A_GHCR_IO: "1", A_DOCKER_IO: "2" },
    ],
    [
      "two repositories of one registry, beside another",
      { "ghcr.io/acme/app": "1", "ghcr.io/acme/my-app": "2", "docker.io/acme/app": "3" },
      { A_GHCR_IO_ACME_APP: "1", A_GHCR_IO_ACME_MY_APP: "2", A_DOCKER_IO: "3" },
    ],
    [
      "two that are spelled alike",
      { "ghcr.io/acme/my-app": "1", "ghcr.io/acme/my_app": "2" },
      { A_GHCR_IO_ACME_MY_APP: "1", A_GHCR_IO_ACME_MY_APP_2: "2" },
    ],
    ["an address", { "[::1]:5000/app": "1" }, { A: "1", A_1_5000: "1" }],
    ["none", {}, {}],
  ])("names the variables of %s", (_, values, expected) => {
    const parts = Object.entries(values).map(([name, value]) => ({ name, outputs: { A: value } }));
    const outputs = repositoryOutputs(parts);
    expect(outputs).toEqual(expected);
    for (const name of Object.keys(outputs)) expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });

  it("takes a variable that some lack for agreed where the others agree", () => {
    const parts = [
      { name: "a.io/app", outputs: { A: ["1", "2"], B: 1 } },
      { name: "b.io/app", outputs: { A: ["1", "2"] } },
    ];
    expect(repositoryOutputs(parts)).toEqual({
      A: ["1", "2"],
      B: 1,
      A_A_IO: ["1", "2"],
      B_A_IO: 1,
      A_B_IO: ["1", "2"],
    });
  });
});

it("platformOutputs names platforms whole", () => {
  const parts = ["linux/amd64", "linux/arm/v7"].map((name, at) => ({ name, outputs: { BYTES: at } }));
  expect(platformOutputs(parts)).toEqual({ BYTES_LINUX_AMD64: 0, BYTES_LINUX_ARM_V7: 1 });
});
