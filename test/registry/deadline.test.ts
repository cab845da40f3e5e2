import { buffer } from "node:stream/consumers";
import { expect, it, onTestFinished, vi } from "vitest";
import { Deadline } from "../../src/registry/deadline.js";

const mebibyte = 1 << 20;

/** A deadline after a body was taken at once, as a system takes it that sends it later. */
async function afterBody(bytes: number): Promise<Deadline> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const deadline = new Deadline();
  const body = async function* () {
    yield Buffer.alloc(bytes);
  };
  await buffer(deadline.watch(body()));
  return deadline;
}

it.each([
  ["an empty body", 0, 60],
  ["a small one", mebibyte / 64, 61],
  ["one of 4 MiB, which may wait for a slow line", 4 * mebibyte, 60 + 256],
  ["one of which the most is sent", 100 * mebibyte, 60 + 256],
])("waits for the answer to %s", async (_, bytes, seconds) => {
  const { signal } = await afterBody(bytes);
  vi.advanceTimersByTime(seconds * 1000 - 1);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.aborted).toBe(true);
});
