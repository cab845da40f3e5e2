import { describe, expect, it } from "vitest";
import { InputError, SlipwayError } from "../src/errors.js";
import { guarded } from "../src/guard.js";
import { keepSecret } from "../src/secrets.js";
import { hostileTexts } from "./support/hostile-text.js";
import { commandsIn, unseenIn } from "./support/pipeline-log.js";
import { errorThrownBy } from "./support/thrown.js";

const secret = "hunter2-but-longer";

@guarded
class Commands {
  name = "slipway";

  constructor(private readonly thrown?: unknown) {}

  greet(greeting: string): string {
    return `${greeting}, ${this.name}`;
  }

  async wait(): Promise<string> {
    return this.name;
  }

  fail(): never {
    throw this.thrown;
  }

  async failLater(): Promise<void> {
    throw this.thrown;
  }
}

describe("guarded", () => {
  it("changes no result, and calls with the object and what was given", async () => {
    const commands = new Commands();
    expect(commands.greet("hello")).toBe("hello, slipway");
    await expect(commands.wait()).resolves.toBe("slipway");
    expect(Object.keys(commands)).not.toContain("greet");
  });

  it("works without the constructor, as the runtime rebuilds the state of an object", () => {
    const commands: Commands = Object.assign(Object.create(Commands.prototype), { name: "rebuilt" });
    expect(commands.greet("hello")).toBe("hello, rebuilt");
  });

  it.each<[string, unknown]>([
    ["an error of Slipway", new InputError({ subject: secret, expected: "a", given: secret })],
    ["an error of Node", new TypeError(`Invalid URL: https://ci:${secret}@evil.test`)],
    ["a text", `denied: ${secret}`],
    ["something else", { message: secret }],
  ])("takes secrets out of %s, at once and later", async (_, thrown) => {
    keepSecret(secret);
    for (const call of ["fail", "failLater"] as const) {
      const error = await errorThrownBy(async () => new Commands(thrown)[call]());
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).not.toContain(secret);
    }
  });

  it.each(Object.entries(hostileTexts))("makes an error of Node fit for a log: %s", async (_, text) => {
    const error = await errorThrownBy(async () => new Commands(new Error(`a\n${text}\nb`)).failLater());
    const { message } = error as Error;
    expect(commandsIn(message)).toEqual([]);
    expect(unseenIn(message)).toEqual([]);
    expect(message.split("\n").length).toBeGreaterThanOrEqual(3);
  });

  it("leaves an error of the SDK what it is, since the engine is given what the command printed", async () => {
    keepSecret(secret);
    const extensions = { exitCode: 2, stdout: `a\n${secret}`, cmd: ["curl", secret] };
    const thrown = Object.assign(new Error(`exit code 2: ${secret}`), { extensions });
    const error = await errorThrownBy(() => new Commands(thrown).failLater());
    expect(error).toBe(thrown);
    expect(error).toMatchObject({
      message: "exit code 2: REDACTED",
      extensions: { exitCode: 2, stdout: "a\nREDACTED", cmd: ["curl", "REDACTED"] },
    });
  });

  it("raises as an error of its own what is none", async () => {
    await expect(new Commands("denied").failLater()).rejects.toThrow(new SlipwayError("denied"));
  });
});
