import { VerificationError } from "../errors.js";
import { megabytes, type Report } from "../report.js";
import type { Trigger } from "../tags/ref.js";
import type { Target } from "./plan.js";
import { type ReleaseRequest, release } from "./release.js";

/** The registry of a rehearsal, as references name it: RFC 6761 keeps names below localhost on this machine. */
export const rehearsalHost = "rehearsal.localhost:5000";

/** What takes the place of the commit, which a tag may name. */
export const rehearsalCommit = { revision: "0".repeat(40), sourceDateEpoch: 1 };

/** An image as far as it says where it goes. */
interface RehearsedImage {
  repositories: readonly Target[];
  name?: string | undefined;
}

/**
 * The repositories of an image below another registry; a project that names none yet gets one. A push to main is
 * published there whatever latest follows, since a rehearsal that publishes nothing shows nothing: where latest
 * follows none, in a repository of the image's own, since another image may have the tag.
 */
export function rehearsalTargets(
  { repositories, name }: RehearsedImage,
  registry: string,
  { kind }: Pick<Trigger, "kind">,
): Target[] {
  if (repositories.length === 0) {
    const path = name === undefined ? "rehearsal" : `rehearsal/${name}`;
    return [{ repository: { registry, path }, latest: "main" }];
  }
  return repositories.map(({ repository, latest }) => {
    const path = `${repository.registry.replace(/[^a-z0-9.-]/g, "-")}/${repository.path}`;
    if (kind !== "main") return { repository: { registry, path }, latest };
    const own = latest === "none" && name !== undefined ? `${path}/${name}` : path;
    return { repository: { registry, path: own }, latest: "main" };
  });
}

/**
 * Releases twice. The second time has to find everything, and to send nothing: that is what makes a re-run safe.
 *
 * @param prepare Gives each release a client and a workspace of its own.
 */
export async function rehearse(prepare: () => Promise<ReleaseRequest>): Promise<Report> {
  const [first, firstSent] = await releaseCounted(await prepare());
  if (firstSent === 0)
    throw new VerificationError([
      "The first release published nothing, so that the second would show nothing: pass a --ref that publishes.",
      "",
      ...first.markdown.split("\n"),
    ]);
  const [second, bytesSent] = await releaseCounted(await prepare());
  const markdown = [
    "Rehearsal: the first release",
    first.markdown,
    `Rehearsal: the second release, ${megabytes(bytesSent)} sent`,
    second.markdown,
  ].join("\n\n");
  const report = {
    markdown,
    data: { first: first.data, second: second.data, bytesSent },
    outputs: { BYTES_SENT: bytesSent },
  };
  if (bytesSent === 0) return report;
  throw new VerificationError([
    `The second release sent ${bytesSent} bytes, expected none: it did not find what the first had published.`,
    "",
    ...markdown.split("\n"),
  ]);
}

/** Releases, and says how many bytes that sent. */
async function releaseCounted(request: ReleaseRequest): Promise<[Report, number]> {
  const report = await release(request);
  return [report, request.client.traffic.bytesSent];
}
