import { type Directory, dag, type Secret, type Service } from "@dagger.io/dagger";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { parseName, runTask, type TaskOptions } from "../../src/go/task.js";
import { recordContainer } from "../support/recorded-container.js";

const [secret, githubToken] = [{} as Secret, {} as Secret];
const service = {} as Service;

/** What a task asks of its container. */
function record(options: Partial<TaskOptions> = {}) {
  const { container, calls } = recordContainer();
  const filtered: unknown[] = [];
  const source = {
    filter: (given: unknown) => {
      filtered.push(given);
      return dag.directory();
    },
  } as unknown as Directory;
  const defaults = {
    task: "ci",
    installs: ["/opt/slipway/mise/installs", "/opt/slipway/ginkgo/installs"],
    args: [],
    env: [],
    secrets: [],
    services: [],
    allowFailure: false,
  };
  runTask({ image: container, source, moduleCache: undefined }, { ...defaults, ...options });
  return { calls, filtered };
}

describe("a task", () => {
  it("finds the tools of its configuration, which no other change of the source installs again", () => {
    const { calls, filtered } = record({ task: "ci:coverage", args: ["-v", "a b"] });
    expect(JSON.stringify(filtered)).toContain(".tool-versions");
    const commands = calls.filter(([method]) => method === "withExec").map(([, command]) => command);
    expect(commands[0]).toEqual(["mise", "install"]);
    expect(commands.at(-1)).toEqual(["mise", "run", "ci:coverage", "-v", "a b"]);
    const unmounted = calls.findIndex(([method]) => method === "withoutMount");
    const mounts = calls
      .map(([method], at) => (method === "withMountedDirectory" ? at : -1))
      .filter((at) => at >= 0);
    expect(mounts[0]).toBeLessThan(unmounted);
    expect(mounts.at(-1)).toBeGreaterThan(unmounted);
  });

  it("gets the variables, secrets and services that it is given, and no token of the installation", () => {
    const { calls } = record({
      env: ["A=b=c", "EMPTY="],
      secrets: [{ name: "TOKEN", secret }],
      services: [{ host: "db", service }],
      githubToken,
    });
    const of = (name: string) => calls.filter(([method]) => method === name).map(([, ...given]) => given);
    expect(of("withEnvVariable")).toEqual(
      expect.arrayContaining([
        ["A", "b=c"],
        ["EMPTY", ""],
      ]),
    );
    expect(of("withSecretVariable")).toEqual([
      ["GITHUB_TOKEN", githubToken],
      ["TOKEN", secret],
    ]);
    expect(of("withoutSecretVariable")).toEqual([["GITHUB_TOKEN"]]);
    expect(of("withServiceBinding")).toEqual([["db", service]]);
    const order = calls.map(([method]) => method);
    expect(order.indexOf("withoutSecretVariable")).toBeLessThan(order.lastIndexOf("withExec"));
  });

  it.each(["hunter2", "=hunter2", "1A=hunter2", "A-B=hunter2"])(
    "refuses %j for a variable, and does not show it",
    (text) => {
      expect(() => record({ env: [text] })).toThrow(InputError);
      expect(() => record({ env: [text] })).toThrow("--env: expected NAME=value");
      expect(() => record({ env: [text] })).not.toThrow("hunter2");
    },
  );

  it("has secrets under names of variables only", () => {
    expect(parseName("TOKEN_2", "with-secret-env --name")).toBe("TOKEN_2");
    expect(() => parseName("A B", "with-secret-env --name")).toThrow(
      'with-secret-env --name: expected a name of letters, digits and _, got "A B".',
    );
  });
});
