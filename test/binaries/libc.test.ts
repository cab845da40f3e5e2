import { describe, expect, it } from "vitest";
import { type Libc, libcOfBase, libcOfInterpreter } from "../../src/binaries/libc.js";

describe("libcOfBase", () => {
  it.each<[string, Libc | undefined]>([
    ["scratch", "none"],
    ["gcr.io/distroless/static", "none"],
    ["gcr.io/distroless/static-debian12:nonroot", "none"],
    [`gcr.io/distroless/static:nonroot@sha256:${"0".repeat(64)}`, "none"],
    ["mirror.example.com:5000/distroless/static-debian12", "none"],
    ["cgr.dev/chainguard/static:latest", "none"],
    ["alpine", "musl"],
    ["docker.io/library/alpine:3.23", "musl"],
    ["mirror.example.com:5000/alpine", "musl"],
    ["gcr.io/distroless/base-nossl-debian12", "glibc"],
    ["gcr.io/distroless/cc-debian12:debug", "glibc"],
    ["debian:trixie-slim", "glibc"],
    ["registry.access.redhat.com/ubi9/ubi-minimal:9.5", "glibc"],
    ["registry.access.redhat.com/ubi9-micro", "glibc"],
    ["busybox", undefined],
    ["acme/alpine-tools", undefined],
    ["acme/scratch", undefined],
    ["golang:1.25-alpine", undefined],
  ])("%s: %s", (reference, libc) => {
    expect(libcOfBase(reference)).toBe(libc);
  });
});

describe("libcOfInterpreter", () => {
  it.each<[string, Libc | undefined]>([
    ["/lib64/ld-linux-x86-64.so.2", "glibc"],
    ["/lib/ld-linux-aarch64.so.1", "glibc"],
    ["/lib/ld-linux-armhf.so.3", "glibc"],
    ["/lib/ld-linux.so.2", "glibc"],
    ["/lib64/ld64.so.2", "glibc"],
    ["/lib/ld-musl-x86_64.so.1", "musl"],
    ["/lib/ld-musl-armhf.so.1", "musl"],
    ["/system/bin/linker64", undefined],
    ["/nix/store/x-ld-linux/bin/loader", undefined],
  ])("%s: %s", (interpreter, libc) => {
    expect(libcOfInterpreter(interpreter)).toBe(libc);
  });
});
