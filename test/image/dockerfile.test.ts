import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { summarizeDockerfile } from "../../src/image/dockerfile.js";

describe("summarizeDockerfile", () => {
  it("reads Dockerfile.ci", () => {
    const { args, layers, bases } = summarizeDockerfile(readFileSync("Dockerfile.ci", "utf8"));
    expect(args.get("MISE_VERSION")).toMatch(/^\d+\.\d+\.\d+$/);
    expect(args.get("APK_REPOSITORIES")).toBe("");
    expect(args.has("GOPROXY") && args.get("GOPROXY")).toBeUndefined();
    expect(layers.map((layer) => layer.split(" ")[0])).toEqual(["RUN", "RUN", "RUN", "WORKDIR"]);
    expect(bases).toEqual([expect.stringMatching(/^golang:1\.25\.5-alpine3\.23@sha256:[0-9a-f]{64}$/)]);
  });

  it.each<[string, string, Record<string, string>, string[]]>([
    ["a plain image", "FROM golang:1", {}, ["golang:1"]],
    ["the default of an argument", "ARG GO=1.25\nFROM golang:$" + "{GO}-alpine", {}, ["golang:1.25-alpine"]],
    ["a given argument", "ARG GO=1.25\nFROM golang:$GO", { GO: "1.26" }, ["golang:1.26"]],
    ["several stages", "FROM golang:1 AS build\nFROM alpine:3", {}, ["golang:1", "alpine:3"]],
    ["no earlier stage", "FROM golang:1 AS build\nFROM build", {}, ["golang:1"]],
    ["no scratch", "FROM golang:1 AS build\nFROM scratch", {}, ["golang:1"]],
    ["nothing without FROM", "# empty", {}, []],
  ])("takes as base: %s", (_, text, given, bases) => {
    expect(summarizeDockerfile(text, given).bases).toEqual(bases);
  });

  it("takes every argument of an ARG, the first default of several, and quotes off", () => {
    const { args } = summarizeDockerfile("ARG A=1 B\nARG C='x y'\nFROM a\nARG A=2\n");
    expect([...args]).toEqual([
      ["A", "1"],
      ["B", undefined],
      ["C", "x y"],
    ]);
  });

  it("takes the layers of the last stage only, and the names of ENV", () => {
    const { layers, env } = summarizeDockerfile("FROM a AS b\nRUN x\nFROM b\nENV P=1 Q=2\nCOPY y z\nCMD w\n");
    expect(layers).toEqual(["COPY y z"]);
    expect([...env]).toEqual(["P", "Q"]);
  });
});
