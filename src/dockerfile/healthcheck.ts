import type { Healthcheck } from "../oci/configuration.js";
import { parseDuration } from "./duration.js";
import { readFlags } from "./flags.js";
import { type Instruction, invalid } from "./instruction.js";
import { parseList } from "./words.js";

const durations = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
} as const;

const shortest = 1e6;

/** Reads HEALTHCHECK: `NONE`, or `CMD` with a command for the shell or as a list (Dockerfile reference). */
export function parseHealthcheck(instruction: Instruction): Healthcheck {
  const [, kind = "", command = ""] = /^(\S+)\s*(.*)$/s.exec(instruction.rest) ?? [];
  if (kind.toUpperCase() === "NONE" && command === "") {
    readFlags(instruction, []);
    return { Test: ["NONE"] };
  }
  if (kind.toUpperCase() !== "CMD" || command === "")
    throw invalid(instruction, "NONE, or CMD and a command, after HEALTHCHECK");
  const flags = readFlags(instruction, [...Object.keys(durations), "retries"]);
  const times = Object.entries(durations).flatMap(([flag, key]) => {
    const value = flags.get(flag);
    return value ? [[key, readDuration(instruction, flag, value)]] : [];
  });
  const retries = flags.get("retries");
  return {
    Test: testOf(instruction, command),
    ...Object.fromEntries(times),
    ...(retries ? { Retries: readRetries(instruction, retries) } : {}),
  };
}

function testOf(instruction: Instruction, command: string): string[] {
  const list = parseList(command);
  if (list === "not strings" || list?.length === 0) throw invalid(instruction, "a list of strings after CMD");
  return list === undefined ? ["CMD-SHELL", command] : ["CMD", ...list];
}

function readDuration(instruction: Instruction, flag: string, value: string): number {
  const duration = parseDuration(value);
  if (duration === undefined || (duration !== 0 && duration < shortest))
    throw invalid(instruction, `--${flag} to be 0 or at least 1ms, as in 30s or 1m30s`);
  return duration;
}

function readRetries(instruction: Instruction, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw invalid(instruction, "--retries to be a whole number");
  return Number(value);
}
