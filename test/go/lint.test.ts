import type { Directory } from "@dagger.io/dagger";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { lintReport } from "../../src/go/lint.js";
import { recordContainer } from "../support/recorded-container.js";

const version = "golangci-lint version --short";

/** The command that a report of the linter is made by. */
async function commandOf(pathPrefix: string | undefined, args: readonly string[] = []): Promise<string[]> {
  const { container, calls } = recordContainer({ [version]: "2.7.2\n" });
  const project = { image: container, source: {} as Directory, moduleCache: undefined };
  await lintReport(project, { args, pathPrefix });
  const commands = calls
    .filter(([method]) => method === "withExec")
    .map(([, command]) => command as string[]);
  return commands.find(([, verb]) => verb === "run") ?? [];
}

describe("a report of the linter", () => {
  it.each([
    [undefined, []],
    [".", []],
    ["tool", ["--path-prefix=tool"]],
    ["./tool/", ["--path-prefix=tool"]],
  ])("of a source at %j has the paths of its repository, in every form", async (directory, expected) => {
    const command = await commandOf(directory, ["--build-tags=e2e"]);
    expect(command.filter((word) => word.startsWith("--path-prefix"))).toEqual(expected);
    expect(command.filter((word) => /^--output\.\S+\.path=/.test(word))).toHaveLength(3);
    expect(command.at(-1)).toBe("--build-tags=e2e");
  });

  it("takes a linter that writes several at once", async () => {
    const { container } = recordContainer({ [version]: "1.64.8\n" });
    const project = { image: container, source: {} as Directory, moduleCache: undefined };
    await expect(lintReport(project, { args: [] })).rejects.toThrow(InputError);
  });
});
