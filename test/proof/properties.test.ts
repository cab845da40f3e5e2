import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { encodeHeader, endOfArchive, paddingOf, type TarMember } from "../../src/archive/tar.js";
import { readTar } from "../../src/archive/tar-reader.js";
import { Budget } from "../../src/dockerfile/budget.js";
import { expandWord } from "../../src/dockerfile/expansion.js";
import { splitQuoted } from "../../src/dockerfile/words.js";
import { InputError, messageOf } from "../../src/errors.js";
import { parseDockerConfig } from "../../src/registry/credentials.js";
import { formatReference, parseReference } from "../../src/registry/reference.js";
import { compareVersions, parseVersion, type Version } from "../../src/tags/version.js";
import { makeRandom, type Random } from "../support/random.js";

const draws = 2_000;

/** Draws this often, each time by a seed of its own, which a failure names. */
async function forAll(property: string, check: (random: Random) => unknown): Promise<void> {
  for (let drawn = 0; drawn < draws; drawn += 1) {
    const seed = `${property} ${drawn}`;
    try {
      await check(makeRandom(seed));
    } catch (error) {
      throw new Error(`${seed}: ${messageOf(error)}`, { cause: error });
    }
  }
  console.info(`${property}: ${draws} draws.`);
}

function text(random: Random, alphabet: string, least: number, most: number): string {
  const characters = [...alphabet];
  const length = least + random.below(most - least + 1);
  return Array.from({ length }, () => random.pick(characters)).join("");
}

const digits = "0123456789";
const lower = "abcxyz";
const hostile = "aB0 \t\n\\\"'`{$}[]:/@.-_+~%é漢\u{1f600}\u0000\u202e";

/** A text with one character taken, doubled or put in place of another. */
function disturbed(random: Random, given: string): string {
  const at = random.below(given.length + 1);
  return `${given.slice(0, at)}${text(random, hostile, 0, 2)}${given.slice(at + random.below(3))}`;
}

/** What a parser gives, which refuses with an InputError of one line or not at all. */
function parsedOrRefused<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect(messageOf(error)).not.toMatch(/[\n\r\u202e]/);
    return undefined;
  }
}

describe("references", () => {
  const component = (random: Random) =>
    `${text(random, lower + digits, 1, 5)}${random.chance(0.3) ? `${random.pick([".", "_", "__", "-", "---"])}a1` : ""}`;
  const draw = (random: Random) => ({
    registry: random.pick(["ghcr.io", "localhost:5000", "127.0.0.1:80", "[::1]:443", "a-b.example:1"]),
    path: Array.from({ length: 1 + random.below(4) }, () => component(random)).join("/"),
    tag: `${text(random, `${lower}${digits}_`, 1, 1)}${text(random, "aZ0_.-", 0, 127)}`,
    digest: `sha256:${text(random, `${digits}abcdef`, 64, 64)}`,
  });

  it("read as they are written", () =>
    forAll("references", (random) => {
      const { tag, digest, ...repository } = draw(random);
      const [byTag, byDigest] = [formatReference(repository, tag), formatReference(repository, digest)];
      expect(parseReference(byTag)).toEqual({ ...repository, tag });
      expect(parseReference(byDigest)).toEqual({ ...repository, digest });
      expect(parseReference(`${byTag}@${digest}`)).toEqual({ ...repository, tag, digest });
    }));

  it("are refused in one line, or mean one thing", () =>
    forAll("disturbed references", (random) => {
      const { tag, ...repository } = draw(random);
      const given = disturbed(random, formatReference(repository, tag));
      const found = parsedOrRefused(() => parseReference(given));
      if (found === undefined) return;
      const written = formatReference(found, found.digest ?? found.tag ?? "latest");
      const again = parseReference(written);
      expect(formatReference(again, again.digest ?? again.tag ?? "")).toBe(written);
      expect(URL.canParse(`https://${found.registry}/v2/${found.path}/`)).toBe(true);
    }));
});

describe("versions", () => {
  const number = (random: Random) => String(random.below(random.pick([2, 12, 1000])));
  const identifier = (random: Random) =>
    random.chance(0.5) ? number(random) : `${text(random, "aZ-", 1, 2)}${text(random, "aZ0-", 0, 3)}`;
  const draw = (random: Random): Version => {
    const core = [number(random), number(random), number(random)].join(".");
    const preRelease = Array.from({ length: random.below(3) }, () => identifier(random)).join(".");
    const given = `${core}${preRelease && `-${preRelease}`}${random.chance(0.2) ? "+b.1" : ""}`;
    const version = parseVersion(given);
    expect(version?.text).toBe(given);
    return version as Version;
  };

  it("are in one order, which is that of section 11", () =>
    forAll("versions", (random) => {
      const [a, b, c] = [draw(random), draw(random), draw(random)];
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      const expected = precedence(a, b);
      if (expected !== 0) expect(Math.sign(compareVersions(a, b))).toBe(expected);
    }));

  it("are no version, or one that is written so", () =>
    forAll("disturbed versions", (random) => {
      const given = disturbed(random, draw(random).text);
      const found = parseVersion(given);
      if (found === undefined) return;
      expect(found.text).toBe(given);
      expect(given).toMatch(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/);
    }));

  /** A second reading of section 11. */
  function precedence(a: Version, b: Version): number {
    const cores = a.numbers.map((part, at) => Math.sign(Number(part) - Number(b.numbers[at])));
    const core = cores.find((sign) => sign !== 0);
    if (core !== undefined) return core;
    const [left, right] = [a.preRelease, b.preRelease];
    if (left.length === 0 || right.length === 0) return Math.sign(right.length - left.length);
    for (const [at, part] of left.entries()) {
      const other = right[at];
      if (other === undefined) return 1;
      const [isNumber, isOther] = [part, other].map((one) => /^\d+$/.test(one));
      if (isNumber !== isOther) return isNumber ? -1 : 1;
      if (part !== other) return isNumber ? Math.sign(Number(part) - Number(other)) : part < other ? -1 : 1;
    }
    return Math.sign(left.length - right.length);
  }
});

describe("words of a Dockerfile", () => {
  const characters = "aB0 \t\\\"'`$={}#é漢";
  const scope = (escapeChar: string) => ({
    variables: new Map<string, string>(),
    escapeChar,
    subject: "Dockerfile:1",
    budget: new Budget(),
  });

  it("are what was quoted, in whatever way", () =>
    forAll("words", (random) => {
      const escapeChar = random.pick(["\\", "`"]);
      const words = Array.from({ length: 1 + random.below(4) }, () => text(random, characters, 1, 8));
      const quoted = words.map((word) => quote(random, word, escapeChar));
      const found = splitQuoted(quoted.join(random.pick([" ", "  ", "\t"])), escapeChar);
      expect(found).toEqual(quoted);
      expect(found.map((word) => expandWord(word, scope(escapeChar)))).toEqual(words);
    }));

  it("are refused in one line, or lose nothing but blanks", () =>
    forAll("disturbed words", (random) => {
      const escapeChar = random.pick(["\\", "`"]);
      const given = text(random, hostile, 0, 30);
      const words = splitQuoted(given, escapeChar);
      const bare = (one: string) => one.replace(/\s/g, "");
      expect([bare(given), bare(given).slice(0, -1)]).toContain(bare(words.join("")));
      for (const word of words) parsedOrRefused(() => expandWord(word, scope(escapeChar)));
    }));

  /** A word as one of its spellings: escaped, or in quotes of either kind where they hold it. */
  function quote(random: Random, word: string, escapeChar: string): string {
    const escaped = (special: string) =>
      [...word].map((char) => (special.includes(char) ? `${escapeChar}${char}` : char)).join("");
    const spellings = [escaped(` \t"'$${escapeChar}`), `"${escaped(`"$${escapeChar}`)}"`];
    if (!word.includes("'")) spellings.push(`'${word}'`);
    return random.pick(spellings);
  }
});

describe("archives", () => {
  const names = (random: Random) =>
    Array.from({ length: 1 + random.below(6) }, () =>
      text(random, `${lower}é漢 `, 1, random.pick([8, 60, 140])),
    )
      .map((name) => name.trim() || "n")
      .join("/");
  const draw = (random: Random): [TarMember, Buffer] => {
    const type = random.pick(["file", "hardlink", "symlink", "directory"] as const);
    const content = Buffer.from(type === "file" ? text(random, lower, 0, 1200) : "");
    const isLink = type === "hardlink" || type === "symlink";
    return [
      {
        path: names(random),
        type,
        mode: random.below(0o10000),
        uid: random.below(random.pick([10, 2 ** 31])),
        gid: random.below(random.pick([10, 2 ** 31])),
        size: content.length,
        mtime: random.below(2 ** 31),
        target: isLink ? names(random) : "",
      },
      content,
    ];
  };
  const pack = (members: readonly [TarMember, Buffer][]) =>
    Buffer.concat([
      ...members.flatMap(([member, content]) => [encodeHeader(member), content, paddingOf(content.length)]),
      endOfArchive,
    ]);
  const read = async (archive: Buffer, chunk: number) => {
    const chunks = Array.from({ length: Math.ceil(archive.length / chunk) }, (_, at) =>
      archive.subarray(at * chunk, (at + 1) * chunk),
    );
    const found: [Partial<TarMember>, Buffer | undefined][] = [];
    for await (const { header, content } of readTar(Readable.from(chunks), "archive", () => true)) {
      const { path, type, mode, uid, gid, size, mtime, target } = header;
      if (type === "other") continue;
      // A directory is written with a slash at the end.
      found.push([
        {
          path: type === "directory" ? path.replace(/\/$/, "") : path,
          type,
          mode,
          uid,
          gid,
          size,
          mtime,
          target,
        },
        content,
      ]);
    }
    return found;
  };

  it("read as they are written, in chunks of whatever size", () =>
    forAll("archives", async (random) => {
      const members = Array.from({ length: 1 + random.below(3) }, () => draw(random));
      const found = await read(pack(members), random.pick([1 + random.below(100), 512, 4096, 1 << 20]));
      expect(found.map(([member]) => member)).toEqual(members.map(([member]) => member));
      for (const [at, [, content]] of found.entries())
        if (content !== undefined) expect(content).toEqual(members[at]?.[1]);
    }));

  it("that are cut or changed are refused in one line, or read", () =>
    forAll("disturbed archives", async (random) => {
      const archive = pack([draw(random), draw(random)]);
      if (random.chance(0.5)) archive[random.below(archive.length)] = random.below(256);
      const given = random.chance(0.5) ? archive.subarray(0, random.below(archive.length)) : archive;
      const error = await read(given, 4096).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      parsedOrRefused(() => {
        if (error !== undefined) throw error;
      });
    }));
});

describe("config.json", () => {
  const hosts = ["ghcr.io", "registry.example:5000", "quay.io", "localhost:5000"];
  const draw = (random: Random) =>
    new Map(
      random.some(hosts, 0.6).map((host) => {
        const username = text(random, `${lower}${digits}-_.`, 1, 12);
        return [host, { kind: "password", username, password: text(random, hostile, 1, 40) } as const];
      }),
    );
  const write = (random: Random, credentials: ReturnType<typeof draw>) =>
    JSON.stringify({
      auths: Object.fromEntries(
        [...credentials].map(([host, { username, password }]) => {
          const auth = Buffer.from(`${username}:${password}`).toString("base64");
          const key = random.pick([host, `https://${host}`, host.toUpperCase()]);
          return [key, random.chance(0.5) ? { auth } : { username, password }];
        }),
      ),
    });

  it("is read as it is written, in all its spellings", () =>
    forAll("config.json", (random) => {
      const credentials = draw(random);
      expect(parseDockerConfig(write(random, credentials))).toEqual(credentials);
    }));

  it("is refused in one line without what is secret, or read", () =>
    forAll("disturbed config.json", (random) => {
      const secret = `s3cret-${text(random, digits, 12, 12)}`;
      const credentials = new Map([
        ["ghcr.io", { kind: "password", username: "me", password: secret } as const],
      ]);
      const given = disturbed(random, write(random, credentials));
      try {
        parseDockerConfig(given);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(messageOf(error)).not.toContain(secret.slice(0, 10));
        expect(messageOf(error)).not.toContain(Buffer.from(`me:${secret}`).toString("base64").slice(0, 12));
        expect(messageOf(error)).not.toMatch(/\n/);
      }
    }));
});
