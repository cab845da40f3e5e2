import { pruneAll } from "../../src/cleanup/prune.js";
import { reportPrune } from "../../src/cleanup/report.js";
import { readPruneRequest } from "../../src/cleanup/request.js";
import { openTarget } from "../../src/cleanup/targets.js";
import { messageOf, VerificationError } from "../../src/errors.js";
import { RegistryClient } from "../../src/registry/client.js";
import { formatRepository, parseReference, type Repository } from "../../src/registry/reference.js";
import { readImage } from "../../src/registry/verify.js";
import type { PublishedRelease, ReleaseOutcome } from "../../src/release/publish.js";
import { type ReleaseRequest, release } from "../../src/release/release.js";
import { readSbom, verifyReference } from "../../src/release/verified.js";
import type { Report } from "../../src/report.js";
import { makeKeyPair } from "./key.js";
import type { Screen } from "./screen.js";
import type { Theatre } from "./theatre.js";

/** A release, and how it is called. */
export interface Act {
  /** Options of `release`. */
  options: string;
  prepare(theatre: Theatre): Promise<ReleaseRequest>;
}

/** A release that something happens to, and what that is: a phrase of the title. */
export interface NamedAct extends Act {
  what: string;
}

/** What is shown of a project. */
export interface Play {
  /** Opens empty registries. */
  open(): Promise<Theatre>;
  /** What goes before the function in a call: global options. */
  global: string;
  /** What the signatures are verified with, as PEM; absent where nothing signs. */
  publicKey: string | undefined;
  first: Act;
  /** Breaks off; `startsOver` where that takes registries that are empty again. */
  interrupted: NamedAct & { startsOver: boolean };
  /** Another image under the tags of the first one. */
  changed: NamedAct;
  /** Two releases of which the second takes the tags of the first. */
  moving: readonly [NamedAct, Act];
}

/** What all parts know. */
interface Scene extends Play {
  screen: Screen;
  theatre: Theatre;
  /** Begins the next part. */
  begin(text: string): void;
}

/** A tag that is set once, and what it holds. */
interface FixedTag {
  repository: string;
  tag: string;
  digest: string;
}

type Published = readonly PublishedRelease[];

/**
 * Shows a plan, a signed release and what is attached to it, its repeat, an interruption and its completion, a refused
 * overwrite, and a clean-up. All of it is what `release`, `verify-image`, `sbom` and `prune` do.
 */
export async function perform(play: Play, screen: Screen): Promise<void> {
  let parts = 0;
  const begin = (text: string) => {
    parts += 1;
    screen.title(`${parts}. ${text}`);
  };
  const sceneIn = (theatre: Theatre): Scene => ({ ...play, screen, theatre, begin });
  const published = await during(play.open, async (theatre) => {
    const scene = sceneIn(theatre);
    await showPlan(scene);
    const released = await showRelease(scene);
    await showDocuments(scene, released);
    await showRepeat(scene);
    if (!play.interrupted.startsOver) await showRest(scene, released);
    return released;
  });
  if (play.interrupted.startsOver)
    await during(play.open, async (theatre) => showRest(sceneIn(theatre), published));
}

async function during<T>(open: () => Promise<Theatre>, act: (theatre: Theatre) => Promise<T>): Promise<T> {
  const theatre = await open();
  try {
    return await act(theatre);
  } finally {
    await theatre.stop();
  }
}

async function showPlan({ screen, begin, theatre, global, first }: Scene): Promise<void> {
  begin("The plan: which tags a release would set, and why, to be read before anything is changed.");
  screen.command(`dagger call ${global} plan ${first.options}`);
  screen.say((await release({ ...(await first.prepare(theatre)), skipPush: true })).markdown);
}

async function showRelease(scene: Scene): Promise<Published> {
  const { screen, begin, theatre, first } = scene;
  begin(
    "The release: images, then what says what is in them, then the tags, so that nobody ever pulls half of one.",
  );
  const request = await first.prepare(theatre);
  screen.command(releaseCall(scene, first));
  const report = await release(request);
  if (request.client.traffic.bytesSent === 0)
    throw new VerificationError([
      "The first release published nothing, so that the rest would show nothing: pass a --ref that publishes.",
      "",
      ...report.markdown.split("\n"),
    ]);
  screen.say(report.markdown);
  const published = publishedIn(report);
  const repositories = new Set(published.map(({ repository }) => repository)).size;
  const digests = new Set(published.map(({ digest }) => digest)).size;
  const documents = published.flatMap(({ attached = [] }) => attached);
  const signed = documents.filter((document) => document.signed).length;
  const attached =
    documents.length === 0
      ? "nothing attached"
      : `${counted(documents.length, "document")} attached, ${signed} signed`;
  screen.outcome(
    `${counted(repositories, "repository", "repositories")} with ${counted(digests, "digest")}; ${attached}.`,
  );
  return published;
}

async function showDocuments(scene: Scene, published: Published): Promise<void> {
  const { screen, begin, theatre, global, publicKey } = scene;
  const [image] = published;
  const documents = image?.attached ?? [];
  if (image === undefined || documents.length === 0) return;
  begin("What is attached: whoever pulls the image can check who published it, and what is in it.");
  const client = new RegistryClient(theatre.settings);
  const reference = referenceOf(image);
  const signedBy = publicKey === undefined ? undefined : { signer: publicKey };
  const by = publicKey === undefined ? "" : ' --signed-by="$(cat cosign.pub)"';
  screen.command(`dagger call ${global} verify-image --reference ${reference}${by}`);
  screen.say((await verifyReference(client, reference, signedBy)).markdown);
  const listed = documents.find(({ kind }) => kind === "spdx" || kind === "cyclonedx");
  if (listed?.platform !== undefined) {
    const { platform } = listed;
    screen.command(
      `dagger call ${global} sbom --reference ${reference} --platform ${platform}${by} contents | ${firstPackages}`,
    );
    screen.say(packageLinesIn(await readSbom(client, reference, { platform, signedBy })));
  }
  if (publicKey === undefined) return;
  screen.command(
    `dagger call ${global} verify-image --reference ${reference} --signed-by="$(cat other.pub)"`,
  );
  const other = { signer: makeKeyPair().publicKey };
  screen.refusal(await failureOf(() => verifyReference(client, reference, other)));
  screen.outcome(
    "The signatures hold for the key that signed, and for no other. When it signed, a key alone does not say.",
  );
}

async function showRepeat(scene: Scene): Promise<void> {
  const { screen, begin, theatre, first } = scene;
  begin("The same release again: a job that is started twice finds all of it, and does no harm.");
  const request = await first.prepare(theatre);
  theatre.writes();
  screen.command(releaseCall(scene, first));
  const report = await release(request);
  screen.say(report.markdown);
  const writes = theatre.writes();
  if (writes > 0) throw new Error("The second release wrote something, expected nothing.");
  const attached = publishedIn(report).flatMap((each) => each.attached ?? []);
  const found = attached.filter(({ how }) => how === "existed").length;
  screen.outcome(`Requests of the second release that write: ${writes}`);
  if (attached.length > 0)
    screen.outcome(`Documents that were found: ${found} of ${attached.length}. None was attached twice.`);
}

/** What needs registries in which something is missing, or superseded. */
async function showRest(scene: Scene, published: Published): Promise<void> {
  await showInterruption(scene);
  const fixed = fixedTagIn(published);
  if (fixed !== undefined) await showRefusal(scene, fixed);
  await showCleanUp(scene);
}

async function showInterruption(scene: Scene): Promise<void> {
  const { screen, begin, theatre, interrupted } = scene;
  const request = await interrupted.prepare(theatre);
  const lost = request.images.flatMap(({ targets }) => targets).at(-1)?.repository;
  if (lost === undefined) return;
  begin(`An interruption: ${lost.registry} goes away ${interrupted.what}. No tag may name half an image.`);
  screen.command(releaseCall(scene, interrupted));
  theatre.interrupt(lost.registry);
  screen.refusal(await failureOf(() => release(request)));
  theatre.mend();
  const tags = (await new RegistryClient(theatre.settings).listTags(lost)) ?? [];
  const held =
    tags.length === 0
      ? "has no tag, so that nobody pulls half an image"
      : `has the tags ${tags.join(", ")}, and none of half an image`;
  screen.outcome(`${formatRepository(lost)} ${held}.`);
  begin(`The same call again, once ${lost.registry} is back: it completes what is missing.`);
  screen.command(releaseCall(scene, interrupted));
  const report = await release(await interrupted.prepare(theatre));
  screen.say(report.markdown);
  const whole = new Set(publishedIn(report).map(({ repository }) => repository));
  screen.outcome(`Whole in ${[...whole].join(", ")}. What was there was not sent again.`);
}

async function showRefusal(scene: Scene, { repository, tag, digest }: FixedTag): Promise<void> {
  const { screen, begin, theatre, changed } = scene;
  begin(`A refusal: ${changed.what}. Somebody may have pulled it, so no option overrides this.`);
  screen.command(releaseCall(scene, changed));
  const request = await changed.prepare(theatre);
  screen.refusal(await failureOf(() => release(request)));
  const held = await readImage(request.client, parseReference(repository), tag);
  if (held?.digest !== digest) throw new Error(`${repository}:${tag} is another image, expected ${digest}.`);
  screen.outcome(`${repository}:${tag} is still ${digest}`);
}

async function showCleanUp(scene: Scene): Promise<void> {
  const { screen, begin, theatre, global, moving } = scene;
  const [left, taker] = moving;
  begin(`A clean-up: ${left.what} left the first image without a name. Only what no tag needs can go.`);
  for (const act of moving) screen.command(releaseCall(scene, act));
  const [image, ...others] = publishedIn(await release(await left.prepare(theatre)));
  await release(await taker.prepare(theatre));
  if (image === undefined) return;
  const digests = [image, ...others]
    .filter(({ repository }) => repository === image.repository)
    .map(({ digest }) => digest);
  const call = `dagger call ${global} prune --repository ${image.repository} --digests ${digests}`;
  const repository = parseReference(image.repository);
  screen.command(call);
  screen.say((await prune(theatre, repository, digests, false)).markdown);
  screen.command(`${call} --confirm`);
  screen.say((await prune(theatre, repository, digests, true)).markdown);
  const client = new RegistryClient(theatre.settings);
  const tags = (await client.listTags(repository)) ?? [];
  for (const tag of tags) await verifyReference(client, `${image.repository}:${tag}`);
  screen.outcome(`Read back after it to the last layer, and whole: ${tags.join(", ")}`);
}

function releaseCall({ global, publicKey }: Play, { options }: Act): string {
  const key = publicKey === undefined ? "" : "with-signing-key --key file://cosign.key ";
  return `dagger call ${global} ${key}release ${options}`;
}

function publishedIn({ data }: Report): Published {
  const { images } = data as { images: readonly { repositories: readonly ReleaseOutcome[] }[] };
  return images
    .flatMap(({ repositories }) => repositories)
    .flatMap((outcome) => (outcome.ok && outcome.how !== "not published" ? [outcome] : []));
}

function fixedTagIn(published: Published): FixedTag | undefined {
  return published
    .flatMap(({ repository, digest, tags }) => tags.map((each) => ({ ...each, repository, digest })))
    .find(({ moves, platform }) => !moves && platform === undefined);
}

function referenceOf({ repository, digest, tags }: PublishedRelease): string {
  const [tag] = tags.filter(({ action, platform }) => action !== "leave" && platform === undefined);
  return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag.tag}`;
}

const mostLines = 12;
const firstPackages = `grep -E '"(fileName|name|versionInfo|version)":' | head -${mostLines}`;

/** The same lines as the command gives. */
function packageLinesIn(sbom: string): string {
  return sbom
    .split("\n")
    .filter((line) => /"(fileName|name|versionInfo|version)":/.test(line))
    .slice(0, mostLines)
    .join("\n");
}

async function prune(
  { settings }: Theatre,
  repository: Repository,
  digests: readonly string[],
  confirm: boolean,
): Promise<Report> {
  const request = readPruneRequest({ confirm, minAgeHours: 24, keep: [], digests }, Date.now());
  return reportPrune(await pruneAll([openTarget(settings, repository)], request));
}

async function failureOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    return messageOf(error);
  }
  throw new Error("It did not fail, as it should.");
}

function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
