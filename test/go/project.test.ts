import { dag } from "@dagger.io/dagger";
import { expect, it } from "vitest";
import { goContainer } from "../../src/go/project.js";
import { recordContainer } from "../support/recorded-container.js";

it("mise trusts what configures it in the source of the project, and nowhere else", () => {
  const { container, calls } = recordContainer();
  goContainer({ image: container, source: dag.directory() });
  const [source] = calls.filter(([method]) => method === "withMountedDirectory").map(([, path]) => path);
  const trusted = calls.filter(([, name]) => name === "MISE_TRUSTED_CONFIG_PATHS");
  expect(trusted).toEqual([["withEnvVariable", "MISE_TRUSTED_CONFIG_PATHS", source]]);
  expect(source).toBe("/src");
});
