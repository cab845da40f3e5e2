/** The C library that an image has; `none` where only static programs run. */
export type Libc = "none" | "musl" | "glibc";

// By the end of the path, so that a mirror of an image is as good as the image.
const bases: readonly (readonly [RegExp, Libc])[] = [
  [/^scratch$/, "none"],
  [/(?:^|\/)distroless\/static(?:-debian\d+)?$/, "none"],
  [/(?:^|\/)chainguard\/static$/, "none"],
  [/(?:^|\/)alpine$/, "musl"],
  [/(?:^|\/)distroless\/(?:base|cc)(?:-nossl)?(?:-debian\d+)?$/, "glibc"],
  [/(?:^|\/)chainguard\/(?:glibc-dynamic|cc-dynamic|wolfi-base)$/, "glibc"],
  [
    /(?:^|\/)(?:debian|ubuntu|fedora|almalinux|rockylinux|amazonlinux|ubi\d+(?:\/ubi)?(?:-(?:minimal|micro|init))?)$/,
    "glibc",
  ],
];

/** The C library of a base by its reference, as FROM names it; undefined where it is not known. */
export function libcOfBase(reference: string): Libc | undefined {
  const path = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return bases.find(([pattern]) => pattern.test(path))?.[1];
}

/** The C library whose loader an ELF program names as its interpreter; undefined where it is not known. */
export function libcOfInterpreter(interpreter: string): Libc | undefined {
  if (/\/ld-musl-[^/]*$/.test(interpreter)) return "musl";
  return /\/ld(?:-linux|64)[^/]*$/.test(interpreter) ? "glibc" : undefined;
}
