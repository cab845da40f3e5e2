import type { Service } from "@dagger.io/dagger";
import { InputError, lastLine, messageOf } from "../errors.js";
import type { Project } from "../project.js";

/** An empty registry in the engine, which ends with the call. */
export async function startRehearsalRegistry({ settings, pull }: Project): Promise<Service> {
  const port = 5000;
  // Entrypoint and arguments are those of the image: they differ between registries, and between versions of one.
  const image = pull(settings.release.rehearsalRegistry);
  await image.id().catch((error: unknown) => {
    throw new InputError({
      subject: "release.rehearsalRegistry",
      expected: "an image of a registry that the engine can pull",
      given: settings.release.rehearsalRegistry,
      fix: `The engine says: ${lastLine(messageOf(error))}. Name another in slipway.json, or check the engine's registries`,
    });
  });
  return image.withExposedPort(port).asService({ useEntrypoint: true });
}
