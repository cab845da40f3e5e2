import { type Container, ReturnType } from "@dagger.io/dagger";
import { z } from "zod";
import { messageOf } from "./errors.js";
import { excerpt } from "./text.js";

/** How a command in a container ended. */
export interface CommandResult {
  /** The container after the command. */
  container: Container;
  exitCode: number;
  stdout: string;
  stderr: string;
}

// The bundled SDK does not export ExecError.
const execError = z.object({
  name: z.literal("ExecError"),
  exitCode: z.number(),
  stdout: z.string(),
  stderr: z.string(),
});

/**
 * Runs a command to its end, whatever that is: absent, refused, failed or killed by a signal. Only an error that
 * is not the command's own is thrown. The container has to be built already, or its build counts as the command.
 */
export async function runCommand(container: Container, command: string[]): Promise<CommandResult> {
  const after = container.withExec(command, { expect: ReturnType.Any });
  try {
    const [exitCode, stdout, stderr] = await Promise.all([after.exitCode(), after.stdout(), after.stderr()]);
    return { container: after, exitCode, stdout, stderr };
  } catch (error) {
    // Exit codes from 128 on, which stand for signals, are thrown in spite of ReturnType.Any.
    const ended = execError.safeParse(error);
    if (!ended.success) throw error;
    return { container: after, ...ended.data };
  }
}

/** Why a command did not succeed, in one line: its exit code and the beginning of its own words. */
export function failureOf({ exitCode, stdout, stderr }: Omit<CommandResult, "container">): string {
  const words = (stderr.trim() || stdout.trim()).replace(/\s+/g, " ");
  const said = words === "" ? "" : `: ${excerpt(words, 200)}`;
  return `exit code ${exitCode}${said}`;
}

/** What a command printed that failed with an error; of every other error its message. */
export function printedBy(error: unknown): string {
  const ended = execError.safeParse(error);
  if (!ended.success) return messageOf(error);
  const { stdout, stderr, exitCode } = ended.data;
  const printed = [stdout.trim(), stderr.trim()].filter((text) => text !== "");
  return [...printed, `exit code ${exitCode}`].join("\n");
}
