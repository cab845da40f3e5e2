#!/bin/sh
# Leaves a static program for each platform in dist, named after the platform. The linker is Rust's own.
set -eu
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld
mkdir -p dist
for platform in amd64:x86_64 arm64:aarch64; do
  target="${platform#*:}-unknown-linux-musl"
  rustup target add "$target"
  cargo build --release --locked --target "$target"
  cp "target/$target/release/probe" "dist/probe-linux-${platform%:*}"
done
