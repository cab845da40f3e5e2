import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/oci/configuration.js";

const digest = `sha256:${"a".repeat(64)}`;
const whole = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [digest] } };
const read = (part: object) => parseConfiguration(Buffer.from(JSON.stringify({ ...whole, ...part })), "x");

describe("an image configuration", () => {
  it.each<[string, object, Record<string, string> | undefined]>([
    ["labels", { config: { Labels: { a: "b" } } }, { a: "b" }],
    ["null for labels, as Docker writes", { config: { Labels: null } }, undefined],
    ["null for a label, which Go reads as empty", { config: { Labels: { a: null } } }, { a: "" }],
    ["no labels", { config: {} }, undefined],
    ["no config", {}, undefined],
  ])("may have %s", (_, part, labels) => {
    expect(read(part).config.Labels).toEqual(labels);
  });

  it.each([
    [{ history: null }],
    [{ created: null }],
    [{ created: "0001-01-01T00:00:00Z" }],
    [{ created: "2026-11-27T17:04:02.123456789+01:00" }],
    [{ "os.version": "10.0", "os.features": ["win32k"] }],
    [{ rootfs: { diff_ids: [digest] } }],
    [{ config: { Hostname: "", Tty: false, Image: null, StopTimeout: 10 } }],
    [{ id: "a", parent: "", comment: "", container: "b", docker_version: "20.10.7" }],
    [{ container_config: { Cmd: "ls", Entrypoint: null, Shell: ["sh"], Labels: {} } }],
    [{ container_config: null }],
    [{ Size: 7 }],
    [{ config: { ExposedPorts: { "80/tcp": {}, "53/udp": null, "080": {}, "65535/x_1": {}, "": {} } } }],
  ])("may have %o", (part) => {
    expect(read(part).architecture).toBe("amd64");
  });

  // Go, in which what runs images is written, parses none of these (image-spec: specs-go/v1, Image).
  it.each<[object, string]>([
    [{ architecture: "x".repeat(129) }, "architecture: "],
    [{ created: "yesterday" }, "created: a time as in"],
    [{ created: "" }, "created: a time as in"],
    [{ created: "2026-11-27" }, "created: a time as in"],
    [{ created: "2026-11-27T17:04Z" }, "created: a time as in"],
    [{ created: 7 }, "created: "],
    [{ history: [{ created: "2026-13-01T00:00:00Z" }] }, "history.0.created: a time as in"],
    [{ "os.version": 7 }, "os.version: "],
    [{ "os.features": "win32k" }, "os.features: "],
    [{ rootfs: { type: "squashfs", diff_ids: [digest] } }, "rootfs.type: "],
    [{ rootfs: { type: "layers", diff_ids: ["sha256:a"] } }, "rootfs.diff_ids.0: a digest"],
    [{ config: { Env: "A=b" } }, "config.Env: "],
    [{ config: { Healthcheck: { Interval: 1.5 } } }, "config.Healthcheck.Interval: "],
    [{ config: { ArgsEscaped: "true" } }, "config.ArgsEscaped: "],
    ...[
      "AttachStdin",
      "AttachStdout",
      "AttachStderr",
      "Tty",
      "OpenStdin",
      "StdinOnce",
      "NetworkDisabled",
    ].map((name): [object, string] => [{ config: { [name]: 1 } }, `config.${name}: `]),
    ...["Hostname", "Domainname", "Image", "MacAddress"].map((name): [object, string] => [
      { config: { [name]: true } },
      `config.${name}: `,
    ]),
    [{ config: { StopTimeout: "10" } }, "config.StopTimeout: "],
    [{ config: { StopTimeout: 1.5 } }, "config.StopTimeout: "],
    ...["7", 1.5, {}].map((Size): [object, string] => [{ Size }, "Size: "]),
    ...["nope", "80-90/tcp", "65536/tcp", "000080", "$PORT", "80/", "80/tcp "].flatMap((port) =>
      ["config", "container_config"].map((of): [object, string] => [
        { [of]: { ExposedPorts: { [port]: {} } } },
        `${of}.ExposedPorts.${port}: a port as in 80/tcp`,
      ]),
    ),
    ...["id", "parent", "comment", "container", "docker_version"].map((name): [object, string] => [
      { [name]: {} },
      `${name}: `,
    ]),
    [{ container_config: "none" }, "container_config: "],
    [{ container_config: { Env: "A=b" } }, "container_config.Env: "],
    [{ container_config: { Cmd: 7 } }, "container_config.Cmd: "],
    [{ container_config: { Tty: "no" } }, "container_config.Tty: "],
  ])("is refused with %o", (part, said) => {
    expect(() => read(part)).toThrow(`x: expected an image configuration, got "${said}`);
  });

  it.each(["1.0", "1e2", "-0.0", "5E+0"])("is refused with %s for an integer", (number) => {
    const text = JSON.stringify({ ...whole, config: { Healthcheck: { Test: ['1.0 "\\'], Retries: 7 } } });
    expect(parseConfiguration(Buffer.from(text), "x").config.Healthcheck?.Retries).toBe(7);
    expect(() => parseConfiguration(Buffer.from(text.replace(":7", `:${number}`)), "x")).toThrow(
      'x: expected an image configuration, got "config.Healthcheck.Retries: ',
    );
    for (const field of [
      `"Labels":{"a":${number}}`,
      `"Env":[${number}]`,
      `"Cmd":${number}`,
      `"Retries":1.2.3`,
    ])
      expect(() =>
        parseConfiguration(Buffer.from(text.replace('"config":{', `"config":{${field},`)), "x"),
      ).toThrow("x: expected an image configuration");
    // What no program reads may be anything.
    const unknown = text.replace('"Retries":7', `"Other":[${number},{"a":-1.5}]`);
    expect(parseConfiguration(Buffer.from(unknown), "x").architecture).toBe("amd64");
  });

  it("is not the empty one of an artifact", () => {
    expect(() => parseConfiguration(Buffer.from("{}"), "x")).toThrow('got "architecture: ');
  });
});
