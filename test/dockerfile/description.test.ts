// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write variables like this.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { describeStages } from "../../src/dockerfile/description.js";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import { parseDuration } from "../../src/dockerfile/duration.js";
import { emptyConfig } from "../../src/dockerfile/from.js";
import { baseOf } from "../../src/dockerfile/stages.js";
import { InputError } from "../../src/errors.js";
import {
  type ContainerConfig,
  formatConfiguration,
  parseConfiguration,
} from "../../src/oci/configuration.js";
import { parsePlatform } from "../../src/oci/platform.js";

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

interface Given {
  platform?: string;
  buildArgs?: Record<string, string>;
  base?: ContainerConfig;
}

const targetOf = ({ platform = "linux/amd64", buildArgs = {} }: Given) => ({
  platform: parsePlatform(platform),
  buildArgs,
});

/** The description of the last stage; an image that it starts from has this configuration. */
function describeImage(text: string, given: Given = {}, base = emptyConfig, name = "Dockerfile") {
  const image = describeStages(parseDockerfile(text, name), targetOf(given), () => base).at(-1);
  if (image === undefined) throw new Error(`${name} has no stage.`);
  return image;
}

/** The description of `FROM scratch`, or of the base that is given, and these lines. */
function describeBody(body: string, given: Given = {}) {
  return describeImage(`FROM ${given.base === undefined ? "scratch" : "base"}\n${body}`, given, given.base);
}

describe("baseOf", () => {
  it.each<[string, Given, string]>([
    ["FROM scratch", {}, "scratch"],
    ["FROM alpine:3.23 AS release", {}, "alpine:3.23"],
    ["FROM alpine@sha256:1234", {}, "alpine@sha256:1234"],
    ["ARG TAG=3.23\nARG IMAGE=alpine:$TAG\nFROM $IMAGE", {}, "alpine:3.23"],
    ["ARG TAG=3.23\nARG IMAGE=alpine:$TAG\nFROM $IMAGE", { buildArgs: { TAG: "3.22" } }, "alpine:3.22"],
    ["ARG IMAGE\nFROM ${IMAGE:-scratch}", {}, "scratch"],
    ["FROM base-$TARGETARCH", { platform: "linux/arm64" }, "base-arm64"],
    ["FROM --platform=$TARGETPLATFORM alpine", { platform: "linux/arm/v7" }, "alpine"],
    ["FROM --platform=linux/arm64/v8 alpine", { platform: "linux/arm64" }, "alpine"],
    ["FROM --platform=$BUILDPLATFORM alpine", { platform: "linux/arm64" }, "alpine"],
    ["FROM --platform=$BUILDOS/$BUILDARCH/$BUILDVARIANT alpine", { platform: "linux/arm/v7" }, "alpine"],
    ["FROM alpine AS a\nFROM a AS b\nFROM B", {}, "alpine"],
    ["FROM alpine AS a\nFROM scratch AS b\nFROM b", {}, "scratch"],
  ])("%j", (text, given, expected) => {
    expect(baseOf(parseDockerfile(text, "Dockerfile"), targetOf(given))).toBe(expected);
  });

  const remove = "Remove --platform: each platform takes its own base.";
  it.each<[string, Given, string]>([
    ["ARG IMAGE\nFROM $IMAGE", {}, "Dockerfile:2: expected an image after FROM"],
    ["FROM a b", {}, "Dockerfile:1: expected FROM with an image, and perhaps AS with a name"],
    [
      "FROM --platform=linux/arm64 a",
      {},
      `expected the platform linux/amd64, got "FROM --platform=linux/arm64 a". ${remove}`,
    ],
    ["FROM --pull a", {}, "expected FROM with --platform, not --pull"],
    [
      "ARG BUILDARCH\nFROM a-$BUILDARCH",
      {},
      "Dockerfile:1: expected an image that does not depend on the machine",
    ],
    [
      "FROM a",
      { buildArgs: { TARGETARCH: "arm64" } },
      'Dockerfile: build argument TARGETARCH: expected to be left to the platform, got "arm64". Choose the platforms instead.',
    ],
  ])("refuses %j", (text, given, message) => {
    const act = () => baseOf(parseDockerfile(text, "Dockerfile"), targetOf(given));
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });
});

describe("the configuration", () => {
  it.each<[string, ContainerConfig, Given?]>([
    ["", { Env: [path], WorkingDir: "/" }],
    ["ENV A=1 B='2 3' C=\"$A\"", { Env: [path, "A=1", "B=2 3", "C="], WorkingDir: "/" }],
    ["ENV A=1\nENV B=$A A=2\nENV C=$A", { Env: [path, "A=2", "B=1", "C=2"], WorkingDir: "/" }],
    ["ENV A b  c\n", { Env: [path, "A=b  c"], WorkingDir: "/" }],
    ["ENV PATH=/a:$PATH", { Env: [`PATH=/a:${path.slice(5)}`], WorkingDir: "/" }],
    [
      "ARG A=1\nENV B=$A\nENV A=2\nENV C=$A\nARG A=3\nENV D=$A",
      { Env: [path, "B=1", "A=2", "C=2", "D=3"], WorkingDir: "/" },
    ],
    [
      "ARG V=dev\nARG W=$V-x\nENV B=$W",
      { Env: [path, "B=1.0-x"], WorkingDir: "/" },
      { buildArgs: { V: "1.0" } },
    ],
    ["ARG V\nENV B=${V-unset}", { Env: [path, "B=unset"], WorkingDir: "/" }],
    [
      "ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT\nENV B=$TARGETPLATFORM,$TARGETOS,$TARGETARCH,$TARGETVARIANT",
      { Env: [path, "B=linux/arm/v7,linux,arm,v7"], WorkingDir: "/" },
      { platform: "linux/arm/v7" },
    ],
    ["ENV B=$TARGETARCH", { Env: [path, "B="], WorkingDir: "/" }],
    ["ARG TARGETARCH=amd64\nENV B=$TARGETARCH", { Env: [path, "B=amd64"], WorkingDir: "/" }],
    ["LABEL a=1 \"b c\"='d'\nLABEL a=2 e=f", { ...emptyConfig, Labels: { a: "2", "b c": "d", e: "f" } }],
    ["LABEL note a b", { ...emptyConfig, Labels: { note: "a b" } }],
    ["USER 65532:65532", { ...emptyConfig, User: "65532:65532" }],
    ["ARG U=7\nUSER ${U}", { ...emptyConfig, User: "7" }],
    ["WORKDIR /a/\nWORKDIR b/../c", { ...emptyConfig, WorkingDir: "/a/c" }],
    [
      'EXPOSE 80 53/UDP 90-92/tcp\nARG P="1 2"\nEXPOSE $P',
      {
        ...emptyConfig,
        ExposedPorts: {
          "80/tcp": {},
          "53/udp": {},
          "90/tcp": {},
          "91/tcp": {},
          "92/tcp": {},
          "1/tcp": {},
          "2/tcp": {},
        },
      },
    ],
    [
      'VOLUME /a $PATH\nVOLUME ["/b c"]',
      { ...emptyConfig, Volumes: { "/a": {}, [path.slice(5)]: {}, "/b c": {} } },
    ],
    ["STOPSIGNAL SIGTERM", { ...emptyConfig, StopSignal: "SIGTERM" }],
    ["STOPSIGNAL 9", { ...emptyConfig, StopSignal: "9" }],
    ['CMD ["a", "$b"]', { ...emptyConfig, Cmd: ["a", "$b"] }],
    ['CMD a $b "c"', { ...emptyConfig, Cmd: ["/bin/sh", "-c", 'a $b "c"'] }],
    ["CMD ['a']", { ...emptyConfig, Cmd: ["/bin/sh", "-c", "['a']"] }],
    [
      'SHELL ["/bin/bash", "-c"]\nENTRYPOINT a',
      { ...emptyConfig, Shell: ["/bin/bash", "-c"], Entrypoint: ["/bin/bash", "-c", "a"] },
    ],
    ['CMD ["a"]\nENTRYPOINT ["b"]', { ...emptyConfig, Cmd: ["a"], Entrypoint: ["b"] }],
    ["HEALTHCHECK NONE", { ...emptyConfig, Healthcheck: { Test: ["NONE"] } }],
    ["HEALTHCHECK CMD curl -f /", { ...emptyConfig, Healthcheck: { Test: ["CMD-SHELL", "curl -f /"] } }],
    [
      'HEALTHCHECK --interval=1m30s --timeout=1.1s --start-period=0 --start-interval=500ms --retries=3 CMD ["a"]',
      {
        ...emptyConfig,
        Healthcheck: {
          Test: ["CMD", "a"],
          Interval: 90e9,
          Timeout: 1_100_000_000,
          StartPeriod: 0,
          StartInterval: 5e8,
          Retries: 3,
        },
      },
    ],
  ])("of %j", (body, expected, given = {}) => {
    expect(describeBody(body, given).config).toEqual(expected);
  });

  const base: ContainerConfig = {
    Env: ["HOME=/root"],
    Cmd: ["sh"],
    Entrypoint: ["/init"],
    WorkingDir: "/srv",
    User: "1",
    Labels: { a: "1" },
    ExposedPorts: { "1/tcp": {} },
    Volumes: { "/v": {} },
  };
  it.each<[string, ContainerConfig]>([
    ["", { ...base, Env: ["HOME=/root", path] }],
    [
      'ENTRYPOINT ["/a"]',
      {
        Env: ["HOME=/root", path],
        Entrypoint: ["/a"],
        WorkingDir: "/srv",
        User: "1",
        Labels: { a: "1" },
        ExposedPorts: { "1/tcp": {} },
        Volumes: { "/v": {} },
      },
    ],
    ['CMD ["b"]', { ...base, Env: ["HOME=/root", path], Cmd: ["b"] }],
    [
      "ENV A=$HOME\nWORKDIR a\nLABEL b=2\nEXPOSE 2\nVOLUME /w",
      {
        ...base,
        Env: ["HOME=/root", path, "A=/root"],
        WorkingDir: "/srv/a",
        Labels: { a: "1", b: "2" },
        ExposedPorts: { "1/tcp": {}, "2/tcp": {} },
        Volumes: { "/v": {}, "/w": {} },
      },
    ],
  ])("on a base, of %j", (body, expected) => {
    expect(describeBody(body, { base }).config).toEqual(expected);
  });

  // Names of what every object of JavaScript has.
  describe.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("takes %s as a name", (name) => {
    const given = { buildArgs: JSON.parse(`{"${name}": "given"}`) };
    it.each<[string, Given?]>([
      [`ARG ${name}=x\nENV A=$${name} ${name}=y`],
      [`ARG ${name}\nENV A=\${${name}-x} ${name}=y`],
      [`ARG ${name}\nENV A=$${name} ${name}=y`, given],
    ])("in %j", (body, args = {}) => {
      const value = args === given ? "given" : "x";
      expect(describeBody(body, args).config.Env).toEqual([path, `A=${value}`, `${name}=y`]);
    });

    it("of a label, a volume and a stage", () => {
      const text = `FROM scratch AS ${name}\nLABEL a=1 ${name}=x\nVOLUME ${name}\nFROM ${name}\nLABEL b=2\nVOLUME v`;
      const { config } = describeImage(text);
      const written = formatConfiguration({
        ...parsePlatform("linux/amd64"),
        config,
        rootfs: { diff_ids: [] },
        history: [],
      });
      for (const { Labels = {}, Volumes = {} } of [config, parseConfiguration(written, "image").config]) {
        expect(Object.entries(Labels).toSorted()).toEqual(
          [
            [name, "x"],
            ["a", "1"],
            ["b", "2"],
          ].toSorted(),
        );
        expect(Object.keys(Volumes).toSorted()).toEqual([name, "v"].toSorted());
      }
    });
  });

  it("has room for a remark on each of very many labels", () => {
    const line = " a=$X".repeat(10_000);
    const { remarks } = describeBody(`ARG X\nLABEL${Array.from({ length: 19 }, () => line).join(" \\\n")}`);
    expect(remarks).toHaveLength(190_000);
  });

  it.each<[string, string[], Given?]>([
    [
      "ARG COMMIT\nLABEL org.opencontainers.image.revision=$COMMIT",
      ["ARG COMMIT has no value, so the label org.opencontainers.image.revision is empty."],
    ],
    ['ARG A\nARG B=1\nLABEL a="v${A}" b=$B', ['ARG A has no value, so the label a is "v".']],
    [
      "ARG A B\nLABEL a=$A$B",
      ["ARG A has no value, so the label a is empty.", "ARG B has no value, so the label a is empty."],
    ],
    ["ARG A\nLABEL a=$A", [], { buildArgs: { A: "1" } }],
    ["ARG A\nENV A=1\nLABEL a=$A", []],
    ["ARG A\nLABEL a=${A:-none} b='$A' c=\\$A", []],
    ["LABEL a=$A", []],
  ])("remarks on labels without a value: %j", (body, expected, given = {}) => {
    expect(describeBody(body, given).remarks).toEqual(expected);
  });

  it("has an author", () => {
    expect(describeBody("MAINTAINER A <a@b>").author).toBe("A <a@b>");
  });
});

describe("the changes of files", () => {
  const copy = { kind: "copy", files: [], link: false, unpacks: false };
  it.each<[string, unknown]>([
    ["COPY a /b", { ...copy, sources: ["/a"], destination: "/b" }],
    ["COPY a ../b/ /c/", { ...copy, sources: ["/a", "/b/"], destination: "/c/" }],
    [
      "COPY --chmod=755 --chown=1:2 --link a .",
      { ...copy, sources: ["/a"], destination: "/", mode: 0o755, owner: "1:2", link: true },
    ],
    ["WORKDIR /w\nCOPY a b", { ...copy, sources: ["/a"], destination: "/w/b" }],
    ["WORKDIR /w\nCOPY a ./", { ...copy, sources: ["/a"], destination: "/w/" }],
    ["WORKDIR /w\nCOPY a ./x/.", { ...copy, sources: ["/a"], destination: "/w/x/" }],
    [
      "ARG M=4755 O=7 D=/d/\nCOPY --chmod=$M --chown=$O $D $D",
      { ...copy, sources: ["/d/"], destination: "/d/", mode: 0o4755, owner: "7" },
    ],
    ['COPY ["a b", "/c d/"]', { ...copy, sources: ["/a b"], destination: "/c d/" }],
    [
      "ARG V=1\nCOPY <<A a <<'B' /d/\n$V\nA\n$V\nB",
      {
        ...copy,
        sources: ["/a"],
        files: [
          { name: "A", content: "1\n" },
          { name: "B", content: "$V\n" },
        ],
        destination: "/d/",
      },
    ],
    ["ADD a /b", { ...copy, sources: ["/a"], destination: "/b", unpacks: true }],
    ["USER 7\nWORKDIR /w", { kind: "directory", path: "/w", owner: "7" }],
    ["WORKDIR /w", { kind: "directory", path: "/w" }],
    ["USER 7", undefined],
  ])("of %j", (body, expected) => {
    expect(describeBody(body).steps.at(-1)?.change).toEqual(expected);
  });
});

describe("refused", () => {
  const engine = "Build that image with --builder Auto or Engine.";
  it.each([
    ["COPY --parents a/b /c/", `expected COPY without --parents, got "COPY --parents a/b /c/". ${engine}`],
    [
      "COPY --exclude=*.md . /c/",
      `expected COPY without --exclude, got "COPY --exclude=*.md . /c/". ${engine}`,
    ],
    [
      "COPY --chmod=u+x a /b",
      `expected --chmod as an octal number of at most 7777, as in --chmod=0755, got "COPY --chmod=u+x a /b". ${engine}`,
    ],
    ["COPY --chmod=10000 a /b", "expected --chmod as an octal number of at most 7777"],
    ["COPY --mode=1 a /b", "expected COPY with --chmod, --chown, --from, --link, not --mode"],
    ["COPY --link --link a /b", "expected --link once"],
    ["COPY a", "expected at least one source and a destination"],
    ["COPY a b /c", "expected a destination that ends with / where there are several sources"],
    ["COPY a <<EOF\nb\nEOF", "expected a path as the destination, not a heredoc"],
    ["COPY a\0b /", "expected paths without the character NUL"],
    ["COPY a /x/b\0c", "Dockerfile:2: expected paths without the character NUL"],
    ['COPY ["a", "/x/b\\u0000c"]', "expected paths without the character NUL"],
    ["WORKDIR /a\0b", "expected paths without the character NUL"],
    [`COPY a /${"x".repeat(256)}`, "expected file names of at most 255 bytes, and not one of 256"],
    [`COPY a /${"é".repeat(128)}/b`, "expected file names of at most 255 bytes, and not one of 256"],
    [`COPY <<${"x".repeat(256)} /\n${"x".repeat(256)}`, "expected file names of at most 255 bytes"],
    [`WORKDIR ${"x".repeat(300)}`, "expected file names of at most 255 bytes, and not one of 300"],
    [`COPY a ${"/x".repeat(2048)}`, "expected paths of at most 4095 bytes, and not one of 4096"],
    [`WORKDIR ${"/x".repeat(2047)}\nWORKDIR y`, "expected paths of at most 4095 bytes, and not one of 4096"],
    ["COPY [1, 2]", "expected at least one source and a destination"],
    [
      "ADD https://example.test/a /b",
      `expected sources in the build context, not at a URL, got "ADD https://example.test/a /b". ${engine}`,
    ],
    ["ADD git@example.test:a/b.git /b", `expected sources in the build context, not at a URL`],
    [
      "ADD --checksum=sha256:1 a /b",
      `expected ADD without --checksum, got "ADD --checksum=sha256:1 a /b". ${engine}`,
    ],
    [
      "ARG BUILDPLATFORM",
      `expected an image that does not depend on the machine that builds it, got "ARG BUILDPLATFORM". ${engine}`,
    ],
    [
      "ARG TARGETARCH=arm64",
      'expected TARGETARCH without a default, which hides amd64, got "ARG TARGETARCH=arm64". Write ARG TARGETARCH, or leave out what is not arm64 (release.platforms).',
    ],
    ["ARG", "expected ARG with a name, and = before a default"],
    ["ARG =1", "expected ARG with a name, and = before a default"],
    ["ENV A", "expected name=value, as often as needed"],
    ["ENV A=1 B", "expected name=value, as often as needed"],
    ["ENV A=${B", 'Dockerfile:2: expected a } that ends the variable, got "${B".'],
    ["LABEL", "expected name=value, as often as needed"],
    ["USER", "expected a value after USER"],
    ["USER $NOBODY", "expected a value after USER"],
    ["WORKDIR $NOWHERE", "expected a value after WORKDIR"],
    ["EXPOSE", "expected ports as in 8080, 8000-8010 or 53/udp"],
    ["EXPOSE http", "expected ports as in"],
    ["EXPOSE 80:80", "expected ports as in"],
    ["EXPOSE 70000", "expected ports as in"],
    ["EXPOSE 9-8", "expected ports as in"],
    ["EXPOSE 80/http", "expected ports as in"],
    ["VOLUME []", "expected paths after VOLUME"],
    ["VOLUME [1]", "expected a list of strings"],
    ["CMD [1]", "expected a list of strings after CMD"],
    ["CMD --a b", "expected CMD without flags, not --a"],
    ["SHELL /bin/bash -c", 'expected a list of strings, as in ["/bin/bash", "-c"]'],
    ["STOPSIGNAL SIGNOPE", "expected a signal of Linux, as in SIGTERM or 15"],
    ["STOPSIGNAL 0", "expected a signal of Linux"],
    ["HEALTHCHECK curl /", "expected NONE, or CMD and a command, after HEALTHCHECK"],
    ["HEALTHCHECK CMD", "expected NONE, or CMD and a command, after HEALTHCHECK"],
    ["HEALTHCHECK CMD []", "expected a list of strings after CMD"],
    ["HEALTHCHECK --interval=30 CMD a", "expected --interval to be 0 or at least 1ms, as in 30s or 1m30s"],
    ["HEALTHCHECK --timeout=1us CMD a", "expected --timeout to be 0 or at least 1ms"],
    ["HEALTHCHECK --retries=-1 CMD a", "expected --retries to be a whole number"],
    [
      "HEALTHCHECK --every=1s CMD a",
      "expected HEALTHCHECK with --interval, --timeout, --start-period, --start-interval, --retries, not --every",
    ],
    ["HEALTHCHECK --interval=1s NONE", "expected HEALTHCHECK without flags, not --interval"],
    ["MAINTAINER", "expected a name after MAINTAINER"],
    [
      "ONBUILD COPY b /",
      `Dockerfile:2: expected an image without triggers for other builds, got "ONBUILD COPY b /". ${engine}`,
    ],
  ])("%j", (body, message) => {
    const act = () => describeBody(body);
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });
});

describe("Dockerfiles as they are found in projects", () => {
  const fixtures = new URL("../fixtures/dockerfiles/", import.meta.url);
  const base: ContainerConfig = { Env: [path, "LANG=C"], Cmd: ["sh"] };
  it.each<[string, Given, string, ContainerConfig, string[]]>([
    [
      "scratch",
      { platform: "linux/arm64" },
      "scratch",
      { ...emptyConfig, Entrypoint: ["/usr/bin/hello"] },
      ["/linux/arm64/hello -> /usr/bin/"],
    ],
    [
      "distroless",
      { buildArgs: { VERSION: "1.2.3" } },
      `example.test/base@sha256:${"0".repeat(64)}`,
      {
        Env: [path, "LANG=C"],
        Labels: {
          "org.opencontainers.image.title": "hello",
          "org.opencontainers.image.version": "1.2.3",
          "org.opencontainers.image.revision": "unknown",
        },
        User: "65532:65532",
        ExposedPorts: { "8080/tcp": {}, "9090/tcp": {} },
        Entrypoint: ["/usr/local/bin/hello"],
        Cmd: ["serve"],
      },
      ["/linux/amd64/hello -> /usr/local/bin/hello", "/LICENSE,/README.md -> /licenses/"],
    ],
    [
      "service",
      {},
      "example.test/base:1",
      {
        Env: [
          `PATH=/var/lib/hello/bin:${path.slice(5)}`,
          "LANG=C",
          "HELLO_HOME=/var/lib/hello",
          "HELLO_CONFIG=/etc/hello/hello.yaml",
        ],
        User: "1000",
        WorkingDir: "/var/lib/hello/data",
        Volumes: { "/var/lib/hello/data": {} },
        StopSignal: "SIGQUIT",
        Healthcheck: {
          Test: ["CMD", "/usr/bin/hello", "health"],
          Interval: 30e9,
          Timeout: 5e9,
          StartPeriod: 60e9,
          Retries: 3,
        },
        Entrypoint: ["/usr/bin/hello"],
        Cmd: ["--config", "/etc/hello/hello.yaml"],
      },
      [
        "/etc/ -> /etc/hello/",
        "/linux/amd64/hello -> /usr/bin/",
        "/scripts/*.sh -> /usr/libexec/hello/",
        "1000 /var/lib/hello",
        "1000 /var/lib/hello/data",
      ],
    ],
    [
      "shell-form",
      {},
      "example.test/base:1",
      {
        Env: [path, "LANG=C", "HELLO_MODE=production and more"],
        Labels: { vendor: "Hello Authors" },
        ExposedPorts: { "80/tcp": {} },
        Volumes: { "/data": {}, "/cache": {} },
        Cmd: ["/bin/sh", "-c", 'exec /hello --mode "$HELLO_MODE"'],
      },
      ["/LICENSE -> /licenses/", "/linux/amd64/hello -> /hello"],
    ],
    [
      "heredoc",
      {},
      "scratch",
      { ...emptyConfig, User: "hello", WorkingDir: "/home/hello", Entrypoint: ["./hello"] },
      [
        "<hello:x:65532:65533:hello:/home/hello:/sbin/nologin\n> -> /etc/passwd",
        '<PRICE="$5"\n> -> /etc/hello.env',
        "hello /home/hello",
        "/linux/amd64/hello -> /home/hello/",
      ],
    ],
    [
      "backtick",
      {},
      "scratch",
      { ...emptyConfig, Env: [path, "HELLO_PATH=C:\\hello"], Cmd: ["/opt/hello/hello"] },
      ["/linux/amd64/hello,/LICENSE -> /opt/hello/"],
    ],
    [
      "bun",
      { platform: "linux/arm/v7", buildArgs: { TAG: "2" } },
      "example.test/base:2",
      { Env: [path, "LANG=C"], WorkingDir: "/app", Entrypoint: ["/app/hello"] },
      ["/linux/arm/v7/hello -> /app/hello", " /app"],
    ],
  ])("%s", async (name, given, from, config, changes) => {
    const text = await readFile(new URL(`${name}.Dockerfile`, fixtures), "utf8");
    const dockerfile = parseDockerfile(text, name);
    const target = targetOf(given);
    const description = describeImage(text, given, base, name);

    expect(baseOf(dockerfile, target)).toBe(from);
    expect(description.config).toEqual(config);
    const found = description.steps.flatMap(({ change }) => {
      if (change === undefined || change.kind === "run") return [];
      if (change.kind === "directory") return [`${change.owner ?? ""} ${change.path}`];
      const sources = [...change.sources, ...change.files.map(({ content }) => `<${content}>`)];
      return [`${sources.join(",")} -> ${change.destination}`];
    });
    expect(found).toEqual(changes);
  });
});

describe("what instructions make of their text", () => {
  const megabyte = `ARG X=${"x".repeat(60_000)}\nARG Y=${"$X".repeat(16)}\n`;
  it.each([
    ["ports", "EXPOSE 0-65535\n".repeat(10)],
    ["ports of one line", `EXPOSE ${"0-65535 ".repeat(10)}`],
    ["labels", `${megabyte}${"LABEL a=$Y\n".repeat(5)}`],
    ["variables", `${megabyte}${"ENV a=$Y\n".repeat(5)}`],
  ])("has a bound: %s", (_, body) => {
    expect(() => describeBody(body)).toThrow(InputError);
    expect(() => describeBody(body)).toThrow("Use shorter values, or fewer of them.");
  });

  it("has a bound: stages that inherit", () => {
    const stages = Array.from({ length: 6 }, (_, at) => `FROM s${at} AS s${at + 1}\n`).join("");
    expect(() => describeImage(`FROM scratch AS s0\nEXPOSE 0-65535\n${stages}`)).toThrow(InputError);
  });

  it("refuses a configuration that no registry takes, and says what to do", () => {
    const Labels = { a: "x".repeat(4 << 20) };
    const image = {
      ...parsePlatform("linux/amd64"),
      config: { Labels },
      rootfs: { diff_ids: [] },
      history: [],
    };
    expect(() => formatConfiguration(image)).toThrow("Use fewer or shorter labels, variables and ports.");
  });

  it("reads a long duration without a unit once", () => {
    expect(parseDuration(`${"1".repeat(400_000)}!`)).toBeUndefined();
  });
});
