import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eachOf } from "../../src/registry/parallel.js";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("eachOf", () => {
  it.each([0, 1, 5, 6, 7, 100])("keeps the order of %i items", async (count) => {
    const results = await eachOf(numbers(count), async (item) => {
      await sleep(item % 3);
      return item * 2;
    });
    expect(results).toEqual(numbers(count).map((item) => item * 2));
  });

  it("runs six at a time, and all six", async () => {
    let running = 0;
    let most = 0;
    await eachOf(numbers(30), async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(1);
      running -= 1;
    });
    expect(most).toBe(6);
  });

  it("throws the first error once what is under way has ended, and starts nothing more", async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const operation = async (item: number) => {
      started.push(item);
      await sleep(item === 2 ? 1 : 20);
      if (item === 2 || item === 3) throw new Error(`item ${item}`);
      ended.push(item);
    };
    await expect(eachOf(numbers(30), operation)).rejects.toThrow("item 2");
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ended).toEqual([0, 1, 4, 5]);
  });
});
