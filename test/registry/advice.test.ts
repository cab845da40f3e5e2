import { expect, it } from "vitest";
import { adviceOn } from "../../src/registry/advice.js";

// As the registries word it: Amazon ECR, Harbor, Azure, nginx, GHCR, and what takes no manifests of OCI.
it.each<[string, string, number, string, string | undefined, RegExp]>([
  ["DELETE", "manifests/sha256:0", 405, "UNSUPPORTED", undefined, /allow deletion: enable it there/],
  [
    "POST",
    "blobs/uploads/",
    403,
    "DENIED: Your authorization token has expired. Reauthenticate and try again",
    "login",
    /log in again/,
  ],
  [
    "PUT",
    "manifests/1.2",
    400,
    "TAG_INVALID: The image tag '1.2' already exists in the 'app' repository and cannot be overwritten because the repository is immutable",
    "invalid",
    /lets no tag move/,
  ],
  [
    "PUT",
    "manifests/latest",
    412,
    "PRECONDITION: Failed to process request due to 'app:latest' configured as immutable",
    "invalid",
    /lets no tag move/,
  ],
  ["PUT", "manifests/latest", 409, "TAG_LOCKED: the tag is locked", "invalid", /lets no tag move/],
  [
    "PUT",
    "manifests/1",
    403,
    "DENIED: adding 33 MiB of storage resource, which when updated to current usage will exceed the configured upper limit of 1 GiB",
    "invalid",
    /storage there is used up/,
  ],
  [
    "PUT",
    "https://h/v2/a/blobs/uploads/1",
    413,
    'a page titled "413 Request Entity Too Large"',
    undefined,
    /client_max_body_size/,
  ],
  [
    "POST",
    "blobs/uploads/",
    403,
    "DENIED: installation not allowed to Create organization package",
    "invalid",
    /Package creation/,
  ],
  ["POST", "blobs/uploads/", 403, "DENIED: permission_denied: write_package", "invalid", /packages: write/],
  ["PUT", "manifests/1", 415, "", undefined, /release.mediaTypes: docker/],
  ["PUT", "manifests/1", 400, "MANIFEST_INVALID: manifest invalid", undefined, /release.mediaTypes: docker/],
])("%s %s: %i %j", (method, target, status, said, failure, fix) => {
  const advice = adviceOn({ method, target, status, said });
  expect(advice?.failure).toBe(failure);
  expect(advice?.fix).toMatch(fix);
});

it.each([
  ["GET", "manifests/latest", 403, "DENIED: access forbidden"],
  ["PUT", "manifests/1", 404, "NAME_UNKNOWN: repository name not known to registry"],
  ["GET", "manifests/1", 404, "MANIFEST_INVALID"],
  ["POST", "blobs/uploads/", 500, "the image is immutable"],
])("nothing is known of %s %s: %i %s", (method, target, status, said) => {
  expect(adviceOn({ method, target, status, said })).toBeUndefined();
});
