import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { CallFigures } from "./figures.js";

// How often the memory of a process is looked at, in milliseconds. Linux keeps the most that it had.
const interval = 10;

/** What Linux counts CPU time in. */
const ticksPerSecond = 100;

/** Runs commands one after the other, and measures them together; `output` is what they print. */
export async function runMeasured(commands: readonly string[][]): Promise<CallFigures & { output: string }> {
  const [began, used] = [performance.now(), childrenCpu()];
  let [peak, output] = [0, ""];
  for (const command of commands) {
    const ended = await run(command);
    peak = Math.max(peak, ended.peak);
    output += ended.output;
  }
  return { milliseconds: performance.now() - began, cpu: childrenCpu() - used, peak, output };
}

function run([program = "", ...args]: readonly string[]): Promise<{ peak: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, said, peak] = ["", "", 0];
    const timer = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid));
    }, interval);
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ peak, output });
      else reject(new Error(`${[program, ...args].join(" ")} ended with ${code}: ${said}`));
    });
  });
}

/** The most memory that a process had so far, in bytes; 0 where the machine does not say. */
function peakOf(pid: number | undefined): number {
  const [, kilobytes = "0"] = /^VmHWM:\s+(\d+) kB/m.exec(readProc(`${pid}/status`)) ?? [];
  return Number(kilobytes) * 1024;
}

/** CPU time of all processes that ended, in milliseconds (proc_pid_stat(5): cutime and cstime). */
function childrenCpu(): number {
  const fields = readProc("self/stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  return ((Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * 1000) / ticksPerSecond;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}
