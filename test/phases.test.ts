import { describe, expect, it } from "vitest";
import { Phases, timed } from "../src/phases.js";
import { makeClock } from "./support/clock.js";

describe("phases", () => {
  it("are added up by name, each for itself, in the order in which they began", async () => {
    const clock = makeClock();
    const phases = new Phases(clock.now);
    clock.advance(7_000);
    await phases.during("checks", async () => clock.advance(1));
    clock.advance(7_000);
    const result = await phases.during("publishing", async () => {
      clock.advance(20);
      await phases.during("compression", async () => clock.advance(300));
      clock.advance(4_000);
      return "published";
    });
    await phases.during("checks", async () => clock.advance(50_000));
    expect(result).toBe("published");
    expect(Object.entries(phases.durations)).toEqual([
      ["checks", 50_001],
      ["publishing", 4_020],
      ["compression", 300],
    ]);
  });

  it("end with what fails in them", async () => {
    const clock = makeClock();
    const phases = new Phases(clock.now);
    const failing = phases.during("publishing", () =>
      phases.during("compression", async () => {
        clock.advance(3);
        throw new Error("no space");
      }),
    );
    await expect(failing).rejects.toThrow("no space");
    clock.advance(7_000);
    await phases.during("checks", async () => {});
    expect(phases.durations).toEqual({ publishing: 0, compression: 3, checks: 0 });
  });
});

it("timed adds what an operation took to its result", async () => {
  const clock = makeClock();
  const operation = async () => {
    clock.advance(12);
    return { ok: true };
  };
  expect(await timed(clock.now, operation)).toEqual({ ok: true, milliseconds: 12 });
});
