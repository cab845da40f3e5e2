import { posix } from "node:path";
import type { ContainerConfig } from "../oci/configuration.js";
import type { Budget } from "./budget.js";
import { type BuildTarget, declare } from "./build-arguments.js";
import { type CopyFiles, parseCopy } from "./copy.js";
import { expandWord, type Scope } from "./expansion.js";
import { requireFileNames } from "./file-name.js";
import { readFlags } from "./flags.js";
import { parseHealthcheck } from "./healthcheck.js";
import { type Instruction, invalid, unsupported } from "./instruction.js";
import { countPorts, listPorts, parsePorts } from "./ports.js";
import { isInput, type Mount, mountsOf } from "./run.js";
import { isSignal } from "./signals.js";
import { parseAssignments, parseList, splitBlank } from "./words.js";

/** WORKDIR makes its directory, and those above it. */
export interface MakeDirectory {
  kind: "directory";
  /** Absolute. */
  path: string;
  /** The user that it belongs to, as USER has it. */
  owner?: string;
}

/** RUN, which only a builder can do. */
export interface RunCommand {
  kind: "run";
  /** With absolute sources, variables replaced. */
  mounts: readonly Mount[];
}

/** What an instruction does to the files of an image. */
export type FileChange = CopyFiles | MakeDirectory | RunCommand;

/** The description of an image as far as its instructions are read. */
export interface Draft {
  config: Omit<ContainerConfig, "Env" | "Labels" | "ExposedPorts" | "Volumes">;
  /** What grows an entry at a time is written in place. */
  env: Map<string, string>;
  labels: Map<string, string>;
  ports: Map<string, object>;
  volumes: Map<string, object>;
  author?: string;
  /** What variables stand for: those of the base, ARG and ENV, the last one to set a name. */
  variables: Map<string, string>;
  escapeChar: string;
  /** What ARG before FROM gives. */
  globals: ReadonlyMap<string, string>;
  target: BuildTarget;
  /** What all stages may write together. */
  budget: Budget;
  /** Names that ARG declares and nothing gives a value. */
  unset: Set<string>;
  /** What is to be known of the image, a sentence each. */
  remarks: string[];
  /** Whether CMD was read: one that the base has ends with ENTRYPOINT. */
  hasCommand: boolean;
}

type Handler = (draft: Draft, instruction: Instruction) => FileChange | undefined;

/** Characters of a port with its protocol. */
const portLength = "65535/sctp".length;

const defaultShell = ["/bin/sh", "-c"];

const handlers: Readonly<Record<string, Handler>> = {
  ADD: copyFiles,
  ARG(draft, instruction) {
    const { variables, target, globals } = draft;
    const names = declare(instruction, { ...scopeOf(draft, instruction), variables }, target, globals);
    for (const name of names.filter((declared) => !variables.has(declared))) draft.unset.add(name);
    return undefined;
  },
  CMD(draft, instruction) {
    draft.config = { ...draft.config, Cmd: parseCommand(draft, instruction) };
    draft.hasCommand = true;
    return undefined;
  },
  COPY: copyFiles,
  ENTRYPOINT(draft, instruction) {
    const { Cmd = [], ...rest } = draft.config;
    draft.config = {
      ...rest,
      Entrypoint: parseCommand(draft, instruction),
      ...(draft.hasCommand ? { Cmd } : {}),
    };
    return undefined;
  },
  ENV(draft, instruction) {
    const values = expandAssignments(draft, instruction);
    for (const [name, value] of values) draft.variables.set(name, value);
    for (const [name, value] of values) draft.env.set(name, value);
    return undefined;
  },
  EXPOSE(draft, instruction) {
    const words = expandList(draft, instruction, splitBlank(instruction.rest)).flatMap(splitBlank);
    const ranges = words.map(parsePorts).filter((range) => range !== undefined);
    if (words.length === 0 || ranges.length < words.length)
      throw invalid(instruction, "ports as in 8080, 8000-8010 or 53/udp");
    for (const range of ranges) {
      draft.budget.take(countPorts(range) * portLength, instruction.subject, instruction.text);
      for (const port of listPorts(range)) draft.ports.set(port, {});
    }
    return undefined;
  },
  HEALTHCHECK(draft, instruction) {
    draft.config = { ...draft.config, Healthcheck: parseHealthcheck(instruction) };
    return undefined;
  },
  LABEL(draft, instruction) {
    for (const [name, value] of expandAssignments(draft, instruction)) draft.labels.set(name, value);
    // One at a time: a call takes no more arguments than the stack has room for.
    for (const remark of unsetInLabels(draft, instruction)) draft.remarks.push(remark);
    return undefined;
  },
  MAINTAINER(draft, instruction) {
    readFlags(instruction, []);
    if (instruction.rest === "") throw invalid(instruction, "a name after MAINTAINER");
    draft.author = instruction.rest;
    return undefined;
  },
  ONBUILD(_, instruction) {
    throw unsupported(instruction, "an image without triggers for other builds");
  },
  RUN(draft, instruction) {
    const scope = scopeOf(draft, instruction);
    const mounts = mountsOf(instruction).map((mount) => ({
      ...mount,
      type: expandWord(mount.type, scope),
      source: posix.resolve("/", expandWord(mount.source, scope)),
    }));
    return { kind: "run", mounts: mounts.filter(isInput) };
  },
  SHELL(draft, instruction) {
    readFlags(instruction, []);
    const list = parseList(instruction.rest);
    if (list === undefined || list === "not strings" || list.length === 0)
      throw invalid(instruction, 'a list of strings, as in ["/bin/bash", "-c"]');
    draft.config = { ...draft.config, Shell: list };
    return undefined;
  },
  STOPSIGNAL(draft, instruction) {
    const signal = expandRest(draft, instruction);
    if (!isSignal(signal)) throw invalid(instruction, "a signal of Linux, as in SIGTERM or 15");
    draft.config = { ...draft.config, StopSignal: signal };
    return undefined;
  },
  USER(draft, instruction) {
    draft.config = { ...draft.config, User: expandRest(draft, instruction) };
    return undefined;
  },
  VOLUME(draft, instruction) {
    const list = parseList(instruction.rest) ?? splitBlank(instruction.rest);
    if (list === "not strings") throw invalid(instruction, "a list of strings");
    const volumes = expandList(
      draft,
      instruction,
      list.map((path) => path.trim()),
    );
    if (volumes.length === 0 || volumes.includes("")) throw invalid(instruction, "paths after VOLUME");
    for (const path of volumes) draft.volumes.set(path, {});
    return undefined;
  },
  WORKDIR(draft, instruction) {
    const path = posix.resolve(workingDirectory(draft), expandRest(draft, instruction));
    requireFileNames(path, instruction);
    draft.config = { ...draft.config, WorkingDir: path };
    const { User: owner } = draft.config;
    return { kind: "directory", path, ...(owner ? { owner } : {}) };
  },
};

/** Reads one instruction into the draft; what it does to files is returned. */
export function applyInstruction(draft: Draft, instruction: Instruction): FileChange | undefined {
  const handler = handlers[instruction.keyword];
  if (handler === undefined) throw invalid(instruction, `one of ${Object.keys(handlers).join(", ")}`);
  return handler(draft, instruction);
}

function copyFiles(draft: Draft, instruction: Instruction): CopyFiles {
  return parseCopy(instruction, scopeOf(draft, instruction), workingDirectory(draft));
}

function workingDirectory({ config }: Draft): string {
  return posix.resolve("/", config.WorkingDir ?? "");
}

/** A command as a list, or one line for the shell. Variables in it are left to the container. */
function parseCommand(draft: Draft, instruction: Instruction): string[] {
  readFlags(instruction, []);
  const list = parseList(instruction.rest);
  if (list === "not strings") throw invalid(instruction, `a list of strings after ${instruction.keyword}`);
  return list ?? [...(draft.config.Shell ?? defaultShell), instruction.rest];
}

function expandAssignments(draft: Draft, instruction: Instruction): [string, string][] {
  readFlags(instruction, []);
  const assignments = parseAssignments(instruction.rest, draft.escapeChar);
  if (assignments === undefined) throw invalid(instruction, "name=value, as often as needed");
  const scope = scopeOf(draft, instruction);
  return assignments.map(({ name, value }) => [expandWord(name, scope), expandWord(value, scope)]);
}

/** Labels that want for the value of an ARG; one with a default of its own, as in ${NAME:-none}, does not. */
function unsetInLabels(draft: Draft, instruction: Instruction): string[] {
  const scope = scopeOf(draft, instruction);
  const isUnset = (name: string) => draft.unset.has(name) && !draft.variables.has(name);
  const assignments = parseAssignments(instruction.rest, draft.escapeChar) ?? [];
  return assignments.flatMap(({ name: label, value }) => {
    const plain = [...value.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)].map(
      ([, braced, bare]) => braced ?? bare ?? "",
    );
    const expanded = expandWord(value, scope);
    const missing = [...new Set(plain)].filter(isUnset).filter((name) => {
      const get = (key: string) => (key === name ? "value" : draft.variables.get(key));
      return expandWord(value, { ...scope, variables: { get } }) !== expanded;
    });
    return missing.map(
      (name) =>
        `ARG ${name} has no value, so the label ${expandWord(label, scope)} is ${expanded === "" ? "empty" : `"${expanded}"`}.`,
    );
  });
}

function expandList(draft: Draft, instruction: Instruction, words: readonly string[]): string[] {
  readFlags(instruction, []);
  return words.map((word) => expandWord(word, scopeOf(draft, instruction)));
}

/** The one argument of an instruction, which may hold blanks. */
function expandRest(draft: Draft, instruction: Instruction): string {
  const [value = ""] = expandList(draft, instruction, [instruction.rest]);
  if (value === "") throw invalid(instruction, `a value after ${instruction.keyword}`);
  return value;
}

function scopeOf({ variables, escapeChar, budget }: Draft, { subject }: Instruction): Scope {
  return { variables, escapeChar, subject, budget };
}
