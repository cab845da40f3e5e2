import type { Service } from "@dagger.io/dagger";
import type { Project } from "../project.js";

/** An empty registry in the engine, which ends with the call. */
export function startRehearsalRegistry({ settings, pull }: Project): Service {
  const port = 5000;
  // Entrypoint and arguments are those of the image: they differ between registries, and between versions of one.
  return pull(settings.release.rehearsalRegistry).withExposedPort(port).asService({ useEntrypoint: true });
}
