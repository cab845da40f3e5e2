import { describe, expect, it } from "vitest";
import { packagesOfApk } from "../../../src/attest/sbom/apk.js";
import { packagesOfDpkg } from "../../../src/attest/sbom/dpkg.js";

const alpine = { id: "alpine", version: "3.23.0", name: "Alpine Linux v3.23" };
const debian = { id: "debian", version: "12", name: "Debian GNU/Linux 12" };

const purls = (packages: readonly ({ purl: string } | undefined)[]) => packages.map((each) => each?.purl);

describe("packagesOfApk", () => {
  const busybox =
    "C:Q1abc=\nP:busybox-binsh\nV:1.37.0-r30\nA:x86_64\nL:GPL-2.0-only\no:busybox\nF:bin\nR:sh\n";

  it("takes name, version, architecture, origin and licence of a record", () => {
    expect(packagesOfApk(busybox, "/lib/apk/db/installed", alpine)).toEqual([
      {
        type: "apk",
        name: "busybox-binsh",
        version: "1.37.0-r30",
        purl: "pkg:apk/alpine/busybox-binsh@1.37.0-r30?arch=x86_64&distro=alpine-3.23.0&upstream=busybox",
        license: "GPL-2.0-only",
        supplier: "Alpine Linux v3.23",
        foundIn: "/lib/apk/db/installed",
      },
    ]);
  });

  const unknown = undefined;
  it.each<[string, string, (string | undefined)[]]>([
    ["an origin of the same name", "P:a\nV:1\no:a\n", ["pkg:apk/alpine/a@1?distro=alpine-3.23.0"]],
    ["several records", "P:a\nV:1\n\nP:b\nV:2\n\n", ["a@1", "b@2"].map(alpinePurl)],
    ["lines that end as on Windows", "P:a\r\nV:1\r\n\r\nP:b\r\nV:2", ["a@1", "b@2"].map(alpinePurl)],
    ["the first of a field that stands twice", "P:a\nV:1\nP:b\n", [alpinePurl("a@1")]],
    ["none of a record without a version", "P:a\n\nV:1\n", [unknown, unknown]],
    ["no name with characters that are not seen", "P:a\u0000b\nV:1\n\nP:\u202ea\nV:1\n", [unknown, unknown]],
    ["no name of bytes that are no UTF-8", Buffer.from("503a61ff0a563a310a", "hex").toString(), [unknown]],
    ["no name that is enormous", `P:${"a".repeat(100_000)}\nV:1\n`, [unknown]],
    ["no name of UTF-16", Buffer.from("P:a\nV:1\n", "utf16le").toString(), [unknown]],
    ["none of what is no database", "\u0000\u0001:::\n:\n: :\n", [unknown]],
    ["nothing of empty lines", "\n \n\n", []],
    ["nothing of an empty file", "", []],
  ])("takes %s", (_, text, expected) => {
    expect(purls(packagesOfApk(text, "/db", alpine))).toEqual(expected);
  });

  it("takes the namespace of Alpine where no distribution is known, and no release", () => {
    expect(purls(packagesOfApk("P:a\nV:1\n", "/db"))).toEqual(["pkg:apk/alpine/a@1"]);
  });

  function alpinePurl(id: string): string {
    return `pkg:apk/alpine/${id}?distro=alpine-3.23.0`;
  }
});

describe("packagesOfDpkg", () => {
  const record = (fields: Record<string, string>) =>
    Object.entries({ Package: "libc6", Version: "2.36-9+deb12u9", Architecture: "amd64", ...fields })
      .map(([name, value]) => `${name}: ${value}\n`)
      .join("");

  it("takes name, version, architecture, source and maintainer of a record", () => {
    const text = record({
      Status: "install ok installed",
      Source: "glibc",
      Maintainer: "GNU Libc Maintainers <debian-glibc@lists.debian.org>",
      Description: "GNU C Library\n Contains the standard libraries.\n .\n Status: none",
    });
    expect(packagesOfDpkg(text, "/var/lib/dpkg/status", debian)).toEqual([
      {
        type: "deb",
        name: "libc6",
        version: "2.36-9+deb12u9",
        purl: "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12&upstream=glibc",
        supplier: "GNU Libc Maintainers <debian-glibc@lists.debian.org>",
        foundIn: "/var/lib/dpkg/status",
      },
    ]);
  });

  it.each<[string, boolean]>([
    ["install ok installed", true],
    ["hold ok installed", true],
    ["deinstall ok config-files", false],
    ["install ok half-installed", false],
    ["purge ok not-installed", false],
    ["install ok unpacked", true],
    ["install ok half-configured", true],
    ["install ok triggers-pending", true],
    ["install ok triggers-awaited", true],
    ["", false],
  ])("takes a record by its status %j: %s", (Status, expected) => {
    expect(packagesOfDpkg(record({ Status }), "/var/lib/dpkg/status")).toHaveLength(expected ? 1 : 0);
  });

  it("takes a record without status, as distroless has it", () => {
    expect(packagesOfDpkg(record({}), "/var/lib/dpkg/status.d/libc6", debian)).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, string]>([
    ["an epoch", { Version: "1:2.0~rc1" }, "pkg:deb/debian/libc6@1:2.0~rc1?arch=amd64"],
    ["a source of another version", { Source: "glibc (2.36)" }, "upstream=glibc%402.36"],
  ])("writes %s as package URLs have it", (_, fields, expected) => {
    expect(purls(packagesOfDpkg(record(fields), "/db"))[0]).toContain(expected);
  });

  it.each<[string, string]>([
    ["a name with characters that are not seen", record({ Package: "a\u001b[2J" })],
    ["an enormous version", record({ Version: "1".repeat(100_000) })],
    ["no version", record({ Version: "" })],
    ["what is no database", "\u0000".repeat(1000)],
  ])("knows no package by %s", (_, text) => {
    expect(packagesOfDpkg(text, "/db", debian)).toEqual([undefined]);
  });
});
