import { describe, expect, it } from "vitest";
import { type ProgressOutput, showUploads } from "../src/progress.js";
import { makeClock } from "./support/clock.js";

const erase = "\r\u001b[2K";

/** What is written for steps of `[seconds since the step before, repository, MB sent, ended]`, of 100 MB each. */
function written(
  steps: readonly (readonly [number, string, number, boolean?])[],
  output: Omit<ProgressOutput, "write"> = {},
): string[] {
  const clock = makeClock();
  const texts: string[] = [];
  const show = showUploads({ ...output, write: (text) => texts.push(text) }, clock.now);
  for (const [seconds, repository, megabytes, ended = false] of steps) {
    clock.advance(seconds * 1000);
    show({ repository, bytesSent: megabytes * 1e6, bytesTotal: 100e6, ended });
  }
  return texts;
}

describe("without a terminal", () => {
  it.each<[string, Parameters<typeof written>[0], string[]]>([
    [
      "says nothing of an upload of less than ten seconds",
      [
        [0, "a", 0],
        [9.9, "a", 90],
        [0.2, "a", 100, true],
      ],
      [],
    ],
    [
      "says every ten seconds how much was sent, and how fast so far",
      [
        [0, "ghcr.io/acme/app", 0],
        [5, "ghcr.io/acme/app", 10],
        [5, "ghcr.io/acme/app", 20],
        [9.9, "ghcr.io/acme/app", 25],
        [0.1, "ghcr.io/acme/app", 30],
        [3, "ghcr.io/acme/app", 100, true],
      ],
      [
        "ghcr.io/acme/app: 20.0 of 100.0 MB sent, 2.0 MB/s\n",
        "ghcr.io/acme/app: 30.0 of 100.0 MB sent, 1.5 MB/s\n",
      ],
    ],
    [
      "counts the seconds of each repository",
      [
        [0, "a", 0],
        [6, "b", 0],
        [4, "a", 20],
        [0, "b", 20],
        [6, "b", 50],
      ],
      ["a: 20.0 of 100.0 MB sent, 2.0 MB/s\n", "b: 50.0 of 100.0 MB sent, 5.0 MB/s\n"],
    ],
    [
      "begins anew with the next upload to a repository",
      [
        [0, "a", 0],
        [9, "a", 100, true],
        [9, "a", 0],
        [9, "a", 50],
        [1, "a", 60],
      ],
      ["a: 60.0 of 100.0 MB sent, 6.0 MB/s\n"],
    ],
  ])("%s", (_, steps, lines) => {
    expect(written(steps)).toEqual(lines);
  });
});

describe("on a terminal", () => {
  it("redraws one line for all repositories, ten times a second, and erases it at the end", () => {
    const steps = [
      [0, "a", 0],
      [0.05, "a", 10],
      [0.05, "a", 20],
      [0, "b", 0],
      [0.1, "b", 5],
      [0, "a", 100, true],
      [0, "b", 100, true],
    ] as const;
    expect(written(steps, { isTTY: true, columns: 120 })).toEqual([
      `${erase}a: 20.0 of 100.0 MB sent, 200.0 MB/s`,
      `${erase}a: 20.0 of 100.0 MB sent, 100.0 MB/s; b: 5.0 of 100.0 MB sent, 50.0 MB/s`,
      `${erase}b: 5.0 of 100.0 MB sent, 50.0 MB/s`,
      erase,
    ]);
  });

  it("shows nothing more of an upload that broke off, of which a request still reads", () => {
    const steps = [
      [0, "a", 0],
      [1, "a", 20],
      [0, "a", 20, true],
      [1, "a", 30],
      [0, "b", 0],
      [1, "b", 10],
    ] as const;
    expect(written(steps, { isTTY: true, columns: 120 })).toEqual([
      `${erase}a: 20.0 of 100.0 MB sent, 20.0 MB/s`,
      erase,
      `${erase}b: 10.0 of 100.0 MB sent, 10.0 MB/s`,
    ]);
  });

  it("cuts off what would wrap", () => {
    const [line = ""] = written(
      [
        [0, "a", 0],
        [1, "a", 20],
      ],
      { isTTY: true, columns: 10 },
    );
    expect(line).toBe(`${erase}a: 20.0 o`);
  });
});
