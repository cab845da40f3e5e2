import type { RegistryFailure } from "../errors.js";

/** A request that was refused, and how. */
export interface Refused {
  method: string;
  /** Path below the repository. */
  target: string;
  status: number;
  /** What the answer says, in its own words. */
  said: string;
}

/** What a refusal is about where that is not who asks, and what to do. */
export interface Advice {
  failure?: RegistryFailure;
  fix: string;
}

interface Row extends Advice {
  applies: (refused: Refused) => boolean;
}

const writesManifest = ({ method, target }: Refused) => method === "PUT" && target.startsWith("manifests/");

// Read from above, the first that applies: words that registries use, where the status alone is ambiguous.
const table: readonly Row[] = [
  {
    applies: ({ method, status }) => method === "DELETE" && status === 405,
    fix: "It does not allow deletion: enable it there (in distribution REGISTRY_STORAGE_DELETE_ENABLED=true).",
  },
  {
    applies: ({ said }) => /expired|reauthenticate/i.test(said),
    failure: "login",
    fix: "The login has ended: log in again right before this (that of Amazon ECR lasts 12 hours).",
  },
  {
    applies: (refused) =>
      writesManifest(refused) && /immutab|cannot be overwritten|tag.?(is )?locked/i.test(refused.said),
    failure: "invalid",
    fix: "The registry lets no tag move once it is set: exempt the tags that move there (latest, 1, 1.2), or publish none of them (release.tags, and latest: none).",
  },
  {
    applies: ({ said }) => /quota|storage limit|upper limit|insufficient storage/i.test(said),
    failure: "invalid",
    fix: "The storage there is used up: remove what is not needed (prune shows what nothing refers to), or have it enlarged.",
  },
  {
    applies: ({ status }) => status === 413,
    fix: "The registry, or a proxy before it, takes no body of this size: raise its limit there (in nginx client_max_body_size).",
  },
  {
    applies: ({ said }) => /installation not allowed to create/i.test(said),
    failure: "invalid",
    fix: "The organization lets workflows create no package: allow it there (Settings, Packages, Package creation), or create the package once with a token of a member.",
  },
  {
    applies: ({ said }) => /permission_denied: write_package/i.test(said),
    failure: "invalid",
    fix: "Give the job permissions: packages: write. Where the package exists already, give this repository the role Write in its settings (Manage Actions access).",
  },
  {
    applies: (refused) =>
      writesManifest(refused) &&
      (refused.status === 415 || /MANIFEST_INVALID|unsupported|media ?type/i.test(refused.said)),
    fix: "The registry may take no manifests of OCI: release.mediaTypes: docker gives the image those of Docker.",
  },
];

/** What to do about a refusal; undefined where nothing is known but its status. */
export function adviceOn(refused: Refused): Advice | undefined {
  return table.find(({ applies }) => applies(refused));
}
