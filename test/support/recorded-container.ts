import type { Container } from "@dagger.io/dagger";

/** What a container was asked for: the method, and its arguments. */
export type ContainerCall = [method: string, ...args: unknown[]];

/** A container that runs nothing, and what is asked of it and of all that follow from it. */
export interface RecordedContainer {
  container: Container;
  calls: ContainerCall[];
}

/** Records calls in their order; a command succeeds, and prints what `outputs` has for it, its words joined. */
export function recordContainer(outputs: Readonly<Record<string, string>> = {}): RecordedContainer {
  const calls: ContainerCall[] = [];

  const after = (command: string): Container =>
    new Proxy({} as Container, {
      get(_, method) {
        // Whatever has a then is awaited as if it were a promise.
        if (typeof method !== "string" || method === "then") return undefined;
        if (method === "exitCode") return async () => 0;
        if (method === "stdout") return async () => outputs[command] ?? "";
        if (method === "stderr") return async () => "";
        return (...args: unknown[]) => {
          calls.push([method, ...args]);
          return after(method === "withExec" ? (args[0] as string[]).join(" ") : command);
        };
      },
    });

  return { container: after(""), calls };
}
