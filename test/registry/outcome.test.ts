import { expect, it } from "vitest";
import { RegistryError } from "../../src/errors.js";
import { settle } from "../../src/registry/outcome.js";

const repository = { registry: "ghcr.io", path: "acme/ci" };

it("passes a result through", async () => {
  expect(await settle(repository, async () => 7)).toBe(7);
});

it.each([
  ["an error", new RegistryError("ghcr.io: denied.", { failure: "denied" }), "ghcr.io: denied."],
  ["what is no error", "a string", "a string"],
])("makes %s the outcome of its repository", async (_, thrown, error) => {
  const outcome = await settle(repository, async () => {
    throw thrown;
  });
  expect(outcome).toEqual({ repository: "ghcr.io/acme/ci", ok: false, error });
});

it("takes an error that is thrown before any wait", async () => {
  const attempt = () => {
    throw new Error("at once");
  };
  expect(await settle(repository, attempt)).toMatchObject({ ok: false, error: "at once" });
});
