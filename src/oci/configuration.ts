import { z } from "zod";
import { requireDocument } from "./document.js";
import { digest, parse, platformPart } from "./manifest.js";
import { namedStrings, nameSet, portSet } from "./named.js";
import type { ImagePlatform } from "./platform.js";

/** How to find out whether a container works (Docker image specification); times in nanoseconds. */
export interface Healthcheck {
  Test: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/**
 * What a container of an image starts with, by the names of the OCI image configuration and of Docker's image
 * specification, which adds Healthcheck, Shell and OnBuild. What else Docker reads is left out.
 */
export interface ContainerConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Healthcheck?: Healthcheck;
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Shell?: string[];
  OnBuild?: string[];
}

/** What one instruction did to an image. */
export interface HistoryEntry {
  created?: string;
  author?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** A whole image configuration (OCI image specification, "Image Configuration"). */
export interface ImageConfiguration extends ImagePlatform {
  created?: string;
  author?: string;
  config: ContainerConfig;
  rootfs: { diff_ids: string[] };
  history: HistoryEntry[];
}

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const whole = z.int().nullish();

// What runs images is written in Go, which reads no configuration with a time that is not in RFC 3339.
const time = z.iso.datetime({ offset: true, error: "a time as in 2026-01-31T12:00:00Z" }).nullish();

const flag = z.boolean().nullish();

/** What only Docker reads (moby: api/types/container, Config), which loads no image where it cannot. */
const ofDocker = {
  Hostname: text,
  Domainname: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Image: text,
  NetworkDisabled: flag,
  MacAddress: text,
  StopTimeout: whole,
  ArgsEscaped: flag,
};

const container = z.object({
  ...ofDocker,
  User: text,
  ExposedPorts: z.nullish(portSet),
  Env: texts,
  Entrypoint: texts,
  Cmd: texts,
  Healthcheck: z
    .object({
      Test: texts,
      Interval: whole,
      Timeout: whole,
      StartPeriod: whole,
      StartInterval: whole,
      Retries: whole,
    })
    .nullish(),
  Volumes: z.nullish(nameSet),
  WorkingDir: text,
  Labels: z.nullish(namedStrings),
  StopSignal: text,
  Shell: texts,
  OnBuild: texts,
});

// Docker takes a single text for a list of these.
const command = z.union([z.string(), z.array(z.string())]).nullish();
const commands = { Cmd: command, Entrypoint: command, Shell: command };

const history = z.object({
  created: time,
  author: text,
  created_by: text,
  comment: text,
  empty_layer: flag,
});

const configuration = z.object({
  // What only Docker reads of it (moby: image, V1Image).
  id: text,
  parent: text,
  comment: text,
  container: text,
  container_config: container.extend(commands).nullish(),
  docker_version: text,
  Size: whole,
  architecture: platformPart,
  os: platformPart,
  variant: z.nullish(platformPart),
  "os.version": text,
  "os.features": texts,
  created: time,
  author: text,
  config: container.nullish().transform((config): Partial<z.infer<typeof container>> => config ?? {}),
  rootfs: z.object({
    type: z.literal("layers").nullish(),
    diff_ids: z
      .array(digest)
      .nullish()
      .transform((ids) => ids ?? []),
  }),
  history: z
    .array(history)
    .nullish()
    .transform((entries) => entries ?? []),
});

/** Reads an image configuration as a base; what is null or empty in it is absent. */
export function parseConfiguration(bytes: Uint8Array, subject: string): ImageConfiguration {
  const parsed = parse(configuration, bytes, subject, "an image configuration") as z.infer<
    typeof configuration
  >;
  const { config, rootfs, history: entries, ...rest } = parsed;
  return {
    ...withoutEmpty(rest),
    config: {
      ...withoutEmpty(config),
      ...withoutEmpty({ Healthcheck: withoutEmpty(config.Healthcheck ?? {}) }),
    },
    rootfs,
    history: entries.map(withoutEmpty),
  } as ImageConfiguration;
}

/** The bytes of an image configuration: keys in one order, and nothing that is empty. Their digest is the image ID. */
export function formatConfiguration(image: ImageConfiguration): Buffer {
  const { created, author, architecture, os, variant, config, rootfs, history: entries } = image;
  const bytes = Buffer.from(
    JSON.stringify({
      ...withoutEmpty({ created, author, architecture, os, variant }),
      config: withoutEmpty({
        User: config.User,
        ExposedPorts: sorted(config.ExposedPorts),
        Env: config.Env,
        Entrypoint: config.Entrypoint,
        Cmd: config.Cmd,
        Healthcheck: config.Healthcheck && formatHealthcheck(config.Healthcheck),
        Volumes: sorted(config.Volumes),
        WorkingDir: config.WorkingDir,
        Labels: sorted(config.Labels),
        StopSignal: config.StopSignal,
        Shell: config.Shell,
        OnBuild: config.OnBuild,
      }),
      rootfs: { type: "layers", diff_ids: rootfs.diff_ids },
      history: entries.map((entry) =>
        withoutEmpty({
          created: entry.created,
          author: entry.author,
          created_by: entry.created_by,
          comment: entry.comment,
          empty_layer: entry.empty_layer || undefined,
        }),
      ),
    }),
  );
  requireDocument(bytes.length, "image configuration", "Use fewer or shorter labels, variables and ports");
  return bytes;
}

function formatHealthcheck(check: Healthcheck): object {
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries } = check;
  return withoutEmpty({ Test, Interval, Timeout, StartPeriod, StartInterval, Retries });
}

function sorted<T>(record: Record<string, T> | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(record ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function withoutEmpty<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value))) as Partial<T>;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
