import { parseSettings } from "../../src/config.js";
import { readManualRef, readRef, type Trigger } from "../../src/tags/ref.js";
import { requestTags, type TagRequest } from "../../src/tags/request.js";

/** What a call says beside the settings. */
export interface TagRequestOptions {
  release?: object;
  revision?: string;
  created?: number;
  as?: string;
}

/** The trigger of a ref, with main as the main branch; pre-releases are let through. */
export function makeTrigger(ref: string): Trigger {
  return readRef(ref, { mainBranch: "main", preRelease: true });
}

/** The tags that a ref asks for, by the settings under `release`. */
export function makeTagRequest(ref: string, options: TagRequestOptions = {}): TagRequest {
  const { release = {}, revision, created, as } = options;
  const settings = parseSettings(JSON.stringify({ release })).release;
  const trigger =
    as === undefined ? readRef(ref, { ...settings, preRelease: true }) : readManualRef(ref, as, settings);
  return requestTags({ settings, trigger, revision, created });
}
