import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readInventory } from "../../../src/attest/sbom/inventory.js";
import { VerificationError } from "../../../src/errors.js";
import { buildInfoOf, programOf } from "../../support/elf-sections.js";
import type { MemberSpec } from "../../support/image-base.js";
import { type Storage, storedImage } from "../../support/stored-image.js";

type Layers = readonly (readonly MemberSpec[])[];

const none: ReadonlyMap<string, string> = new Map();
const limit = { text: 1000, packages: 1000, files: 1000, paths: 8 << 20, named: 1000 };

const read = (layers: Layers, lockfiles = none, storage: Storage = {}) =>
  readInventory(storedImage(layers, storage), lockfiles);

const purlsOf = async (layers: Layers, lockfiles = none) =>
  (await read(layers, lockfiles)).packages.map(({ purl }) => purl);

const file = (path: string, content: string | Buffer = path): MemberSpec => ({ path, content });
const directory = (path: string): MemberSpec => ({ path, type: "directory" });
const link = (path: string, target: string): MemberSpec => ({ path, type: "symlink", target });
const hardlink = (path: string, target: string): MemberSpec => ({ path, type: "hardlink", target });

const apk = "P:musl\nV:1.2.5-r21\n\n";
const dpkg = "Package: libc6\nVersion: 2.41-12\nStatus: install ok installed\n\n";
const left = JSON.stringify({ name: "left-pad", version: "1.3.0" });
const goProgram = programOf({
  ".go.buildinfo": buildInfoOf("go1.26.8", "path\ta.example/app\nmod\ta.example/app\tv1.2.3\th1:\n"),
});
const crates = (list: string | Buffer) => programOf({ ".dep-v0": deflateSync(list) });
const serde = crates(JSON.stringify({ packages: [{ name: "serde", version: "1.0.228" }] }));

describe("readInventory of files", () => {
  it("says of each its size and both sums", async () => {
    const { files } = await read([[file("etc/motd", "hello\n"), file("empty", "")]]);
    const sums = (content: string) => ({
      sha1: createHash("sha1").update(content).digest("hex"),
      sha256: createHash("sha256").update(content).digest("hex"),
      size: content.length,
    });
    expect(files).toEqual([
      { path: "/empty", ...sums("") },
      { path: "/etc/motd", ...sums("hello\n") },
    ]);
  });

  it.each<[string, Layers, string[]]>([
    [
      "paths of all forms",
      [[file("./a"), file("/b"), file("c/./d"), file("e//f")]],
      ["a", "b", "c/d", "e/f"],
    ],
    ["paths in their order", [[file("b/a"), file("a"), file("b.c")]], ["a", "b/a", "b.c"]],
    ["what a layer adds", [[file("a")], [file("b")]], ["a", "b"]],
    ["not what a layer removes", [[file("a/b"), file("a/c")], [file("a/.wh.b")]], ["a/c"]],
    ["not a directory that a layer removes", [[file("a/b"), file("c")], [file(".wh.a")]], ["c"]],
    ["what an emptied directory gets", [[file("a/b")], [file("a/.wh..wh..opq"), file("a/c")]], ["a/c"]],
    ["not what a file replaces", [[file("a/b")], [file("a")]], ["a"]],
    ["both names of a file", [[file("a"), hardlink("b", "a")]], ["a", "b"]],
    ["what stays of a file with two names", [[file("a"), hardlink("b", "a")], [file(".wh.a")]], ["b"]],
    ["no links and directories", [[file("a"), link("b", "a"), directory("c")]], ["a"]],
    [
      "what lies behind a link",
      [[directory("usr/lib"), link("lib", "usr/lib"), file("lib/a")]],
      ["usr/lib/a"],
    ],
    ["nothing of nothing", [], []],
  ])("lists %s", async (_, layers, expected) => {
    const { files } = await read(layers);
    expect(files.map(({ path }) => path)).toEqual(expected.map((path) => `/${path}`));
  });

  it.each<[string, Layers]>([
    ["of the upper layer", [[file("a", "old")], [file("a", "new")]]],
    ["that comes last in a layer", [[file("a", "old"), file("a", "new")]]],
    [
      "of a link that replaces",
      [[file("b", "new"), file("a", "old"), hardlink("a", "b"), file("b", "other")]],
    ],
  ])("takes the content %s", async (_, layers) => {
    const { files } = await read(layers);
    const sha256 = createHash("sha256").update("new").digest("hex");
    expect(files.find(({ path }) => path === "/a")).toMatchObject({ sha256 });
  });
});

describe("readInventory of packages", () => {
  const musl = "pkg:apk/alpine/musl@1.2.5-r21";
  const libc = "pkg:deb/debian/libc6@2.41-12";
  const pad = "pkg:npm/left-pad@1.3.0";

  it.each<[string, Layers, string[]]>([
    ["apk's database", [[file("lib/apk/db/installed", apk)]], [musl]],
    ["one below /usr", [[file("usr/lib/apk/db/installed", apk)]], [musl]],
    [
      "one behind a link",
      [[directory("usr/lib"), link("lib", "usr/lib"), file("lib/apk/db/installed", apk)]],
      [musl],
    ],
    ["one whose path is written otherwise", [[file("./lib/../lib//apk/./db/installed", apk)]], [musl]],
    ["dpkg's database", [[file("var/lib/dpkg/status", dpkg)]], [libc]],
    [
      "that of distroless",
      [[file("var/lib/dpkg/status.d/libc6", dpkg), file("var/lib/dpkg/status.d/libc6.md5sums", dpkg)]],
      [libc],
    ],
    ["none elsewhere", [[file("srv/lib/apk/db/installed", apk), file("var/lib/dpkg/status-old", dpkg)]], []],
    ["node_modules", [[file("app/node_modules/left-pad/package.json", left)]], [pad]],
    ["those of a scope", [[file("node_modules/@s/left-pad/package.json", left)]], [pad]],
    ["those of others", [[file("node_modules/a/node_modules/left-pad/package.json", left)]], [pad]],
    [
      "no parts of packages",
      [[file("node_modules/a/b/package.json", left), file("node_modules/.x/package.json", left)]],
      [],
    ],
    [
      "the database of the upper layer",
      [[file("lib/apk/db/installed", "P:old\nV:1\n")], [file("lib/apk/db/installed", apk)]],
      [musl],
    ],
    ["none that is removed", [[file("lib/apk/db/installed", apk)], [file("lib/apk/db/.wh.installed")]], []],
    [
      "a program of Go",
      [[file("app", goProgram)]],
      ["pkg:golang/a.example/app@v1.2.3", "pkg:golang/stdlib@1.26.8"],
    ],
    ["a program of Rust", [[file("app", serde)]], ["pkg:cargo/serde@1.0.228"]],
    ["no program that is removed", [[file("app", serde)], [file(".wh.app")]], []],
    ["no program behind other bytes", [[file("app", Buffer.concat([Buffer.from("x"), serde]))]], []],
    [
      "nothing of the beginning of a program",
      [[file("a", "\x7fEL"), file("b", "\x7fELF"), file("c", "\x7fELF\x02\x01")]],
      [],
    ],
  ])("reads %s", async (_, layers, expected) => {
    expect(await purlsOf(layers)).toEqual(expected);
  });

  it("says in which of the files of the image a package was found, the same of each once", async () => {
    const { packages } = await read([
      [file("bin/a", serde), hardlink("bin/b", "bin/a"), file("lib/apk/db/installed", apk + apk)],
    ]);
    expect(packages.map(({ foundIn }) => foundIn)).toEqual(["/lib/apk/db/installed", "/bin/a", "/bin/b"]);
  });

  it.each<[string, Layers, object | undefined]>([
    [
      "by either file",
      [[file("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.23.0\n")]],
      { id: "alpine", version: "3.23.0", name: "alpine" },
    ],
    [
      "by that of /etc first",
      [[file("etc/os-release", "ID=a\n"), file("usr/lib/os-release", "ID=b\n")]],
      { id: "a", version: "", name: "a" },
    ],
    [
      "in quotes",
      [[file("etc/os-release", 'PRETTY_NAME="Debian 13"\nID="debian"\nVERSION_ID=\'13\'\n')]],
      { id: "debian", version: "13", name: "Debian 13" },
    ],
    ["that has no name", [[file("etc/os-release", "VERSION_ID=1\n")]], undefined],
    ["whose name is none", [[file("etc/os-release", "ID=a b/../c\n")]], undefined],
    ["whose version is not shown", [[file("etc/os-release", "ID=a\nVERSION_ID=1\u0000\n")]], undefined],
    ["that is an enormous line", [[file("etc/os-release", `ID=${"a".repeat(1_000_000)}`)]], undefined],
  ])("knows a distribution %s", async (_, layers, expected) => {
    expect((await read(layers)).distribution).toEqual(expected);
  });

  it("names packages by their distribution", async () => {
    const release = file("etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n");
    expect(await purlsOf([[file("lib/apk/db/installed", apk)], [release]])).toEqual([
      "pkg:apk/wolfi/musl@1.2.5-r21?distro=wolfi-20230201",
    ]);
  });

  const lock = new Map([
    ["package-lock.json", JSON.stringify({ packages: { "node_modules/left-pad": { version: "1.3.0" } } })],
  ]);
  const npm = JSON.stringify({ name: "npm", version: "11.0.0" });
  it.each<[string, Layers, string[]]>([
    ["where nothing is installed", [[file("app")]], [pad]],
    ["beside other packages", [[file("lib/apk/db/installed", apk)]], [musl, pad]],
    [
      "not where packages are installed",
      [[file("app/node_modules/npm/package.json", npm)]],
      ["pkg:npm/npm@11.0.0"],
    ],
    [
      "where the base has npm",
      [[file("usr/local/lib/node_modules/npm/package.json", npm)]],
      [pad, "pkg:npm/npm@11.0.0"],
    ],
  ])("takes what the source locks %s", async (_, layers, expected) => {
    expect(await purlsOf(layers, lock)).toEqual(expected);
  });

  it("takes nothing of a file that is no lock, or a broken one", async () => {
    const files = new Map([...lock.keys(), "bun.lock", "go.sum"].map((name) => [name, '{"packages": {']));
    expect(await purlsOf([], files)).toEqual([]);
  });
});

describe("readInventory of what is not read", () => {
  it.each<[string, MemberSpec, string]>([
    [
      "a database of rpm",
      file("var/lib/rpm/rpmdb.sqlite"),
      "databases of rpm are not read: no package of it is listed.",
    ],
    [
      "one below /usr",
      file("usr/lib/sysimage/rpm/rpmdb.sqlite"),
      "databases of rpm are not read: no package of it is listed.",
    ],
    [
      "an enormous database",
      file("lib/apk/db/installed", apk.repeat(100)),
      "it is too large to be read: no package of it is listed.",
    ],
    [
      "a program of an old Go",
      file("app", programOf({ ".go.buildinfo": Buffer.from("\xff Go buildinf:\x08\x00", "latin1") })),
      "its build information is broken, or of a Go before 1.18: no module of it is listed.",
    ],
    [
      "build information cut short",
      file("app", programOf({ ".go.buildinfo": buildInfoOf("go1.26.8", "mod").subarray(0, -1) })),
      "its build information is broken, or of a Go before 1.18: no module of it is listed.",
    ],
    [
      "a list of crates that is not compressed",
      file("app", programOf({ ".dep-v0": Buffer.from("{}") })),
      "what cargo-auditable wrote into it is broken: no crate of it is listed.",
    ],
    [
      "one cut short",
      file("app", programOf({ ".dep-v0": deflateSync("{}").subarray(0, 4) })),
      "what cargo-auditable wrote into it is broken: no crate of it is listed.",
    ],
    [
      "one that is no JSON",
      file("app", crates("\u0000")),
      "what cargo-auditable wrote into it is broken: no crate of it is listed.",
    ],
    [
      "one that is too deep",
      file("app", crates("[".repeat(1_000_000))),
      "what cargo-auditable wrote into it is broken: no crate of it is listed.",
    ],
    [
      "one that grows without end",
      file("app", crates(Buffer.alloc(100 << 20, " "))),
      "what cargo-auditable wrote into it is broken: no crate of it is listed.",
    ],
  ])("says that of %s", async (_, member, clause) => {
    const { packages, remarks } = await readInventory(storedImage([[member]]), none, limit);
    expect(packages).toEqual([]);
    expect(remarks).toEqual([`/${member.path}: ${clause}`]);
  });

  it.each<[string, MemberSpec, number, number]>([
    ["of apk's database", file("lib/apk/db/installed", `P:a\u0000\nV:1\n\n${apk}P:b\nV:\n`), 1, 2],
    [
      "of dpkg's, of which some are not there",
      file(
        "var/lib/dpkg/status",
        `${dpkg}Package: a\nStatus: purge ok not-installed\n\nPackage: b\u202e\nVersion: 1\n`,
      ),
      1,
      1,
    ],
    [
      "of a program of Go",
      file(
        "app",
        programOf({
          ".go.buildinfo": buildInfoOf("go1.26.8", "mod\t\tv1\ndep\ta\u0007\tv1\ndep\ta.example/b\tv1\n"),
        }),
      ),
      2,
      2,
    ],
  ])("says how many packages %s are not known", async (_, member, known, unknown) => {
    const { packages, remarks } = await read([[member]]);
    expect(packages).toHaveLength(known);
    expect(remarks).toEqual([
      `/${member.path}: packages without a name and a version that can be read, not listed: ${unknown}.`,
    ]);
  });

  it("says that what only development needs is not listed, where a lock counts", async () => {
    const lock = (packages: object) =>
      new Map([["package-lock.json", JSON.stringify({ packages: { "node_modules/a": packages } })]]);
    const remarksOn = async (layers: Layers, given: object) => (await read(layers, lock(given))).remarks;
    expect(await remarksOn([], { version: "1.0.0" })).toEqual([
      "package-lock.json of the source: what only development needs is not listed.",
    ]);
    expect(await remarksOn([], {})).toEqual([]);
    expect(
      await remarksOn([[file("node_modules/left-pad/package.json", left)]], { version: "1.0.0" }),
    ).toEqual([]);
  });

  it.each<[string, number, string[]]>([
    ["a program", 2, ["/app: it has no sections, as what was packed: what it is made of is not known."]],
    ["a library", 3, ["/app: it has no sections, as what was packed: what it is made of is not known."]],
    ["an object file", 1, []],
    ["a core dump", 4, []],
  ])("says of %s without sections that nothing is known of it", async (_, type, expected) => {
    const program = Buffer.from(goProgram);
    program.writeUInt16LE(type, 16);
    const packed = Buffer.from(program).fill(0, 40, 48).fill(0, 60, 64);
    expect((await read([[file("app", packed)]])).remarks).toEqual(expected);
    expect((await read([[file("app", program)]])).remarks).toEqual([]);
  });

  it.each<[string, Layers]>([
    ["removed", [[file("var/lib/rpm/rpmdb.sqlite")], [file("var/lib/rpm/.wh.rpmdb.sqlite")]]],
    ["replaced", [[file("lib/apk/db/installed", apk.repeat(100))], [file("lib/apk/db/installed", apk)]]],
    ["a program with no list", [[file("app", programOf({ ".text": Buffer.alloc(10) }))]]],
  ])("says nothing of what is %s", async (_, layers) => {
    expect((await readInventory(storedImage(layers), none, limit)).remarks).toEqual([]);
  });

  it("reads no program behind those that name more packages than are kept, each of them once", async () => {
    const twice = crates(JSON.stringify({ packages: Array(3).fill({ name: "serde", version: "1.0.228" }) }));
    const layers = [[file("a", twice), file("b", twice), file("c", serde)]];
    const given = await readInventory(storedImage(layers), none, { ...limit, named: 5 });
    expect(given.packages.map(({ foundIn }) => foundIn)).toEqual(["/a", "/b"]);
    expect(given.remarks).toEqual([
      "/c: it is not read, since those before it name more packages than images have.",
    ]);
  });

  it("lists no more files than their paths may take, in their order", async () => {
    const layers = [["a", "bb", "cccc"].map((name) => file(name))];
    const given = await readInventory(storedImage(layers), none, { ...limit, paths: 3 });
    expect(given.files.map(({ path }) => path)).toEqual(["/a", "/bb"]);
    expect(given.remarks).toEqual(["No more than 2 of 3 files are listed."]);
  });

  it("says where it lists no more", async () => {
    const layers = [
      [file("lib/apk/db/installed", "P:a\nV:1\n\nP:b\nV:1\n\nP:c\nV:1\n"), file("a"), file("b")],
    ];
    const given = await readInventory(storedImage(layers), none, { ...limit, packages: 2, files: 2 });
    expect([given.packages.length, given.files.length]).toEqual([2, 2]);
    expect(given.remarks).toEqual([
      "No more than 2 packages are listed.",
      "No more than 2 of 3 files are listed.",
    ]);
  });
});

describe("readInventory", () => {
  const layers: Layers = [
    [file("lib/apk/db/installed", apk), file("usr/bin/rust", serde), file("etc/os-release", "ID=alpine\n")],
    [file("usr/bin/go", goProgram), file("app/node_modules/left-pad/package.json", left)],
  ];

  it.each<[string, Storage]>([
    ["byte by byte", { form: "tar", piece: 1 }],
    ["in three bytes at a time", { form: "tar", piece: 3 }],
    ["at once", { form: "tar", piece: 1 << 20 }],
    ["compressed by gzip", { form: "tar+gzip" }],
    ["compressed by zstd", { form: "tar+zstd", piece: 100 }],
  ])("finds the same in layers that arrive %s", async (_, storage) => {
    const given = await read(layers, none, storage);
    expect(given).toEqual(await read(layers));
    expect(given.packages).toHaveLength(5);
  });

  it("refuses a layer that is another than its digest", async () => {
    const { content, ...image } = storedImage([[file("a")]]);
    const open = async () => Readable.from([Buffer.from("another")]);
    await expect(readInventory({ ...image, content: { ...content, open } })).rejects.toThrow(
      VerificationError,
    );
  });
});
