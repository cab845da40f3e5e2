import { type JsonLimit, jsonLimit } from "../json.js";

/** How much of an answer is read, which is read as a whole. */
export interface Bound {
  /** What such an answer is, in messages. */
  of: string;
  bytes: number;
  json: JsonLimit;
}

const mebibyte = 1 << 20;

/** By what an answer is. What is larger is none, whoever sent it. */
export const bounds = {
  /** What distribution takes as well (registry/handlers/manifests.go, maxManifestBodySize). */
  manifest: { of: "a manifest", bytes: 4 * mebibyte, json: jsonLimit },
  configuration: { of: "an image configuration", bytes: 8 * mebibyte, json: jsonLimit },
  /** An SBOM has an entry for each file. */
  attachment: {
    of: "a document about an image",
    bytes: 64 * mebibyte,
    json: { ...jsonLimit, values: 2_000_000 },
  },
  /** Some registries give all tags on one page, of up to 128 characters each. */
  tags: { of: "a page of tags", bytes: 32 * mebibyte, json: { ...jsonLimit, values: 1_000_000 } },
  answer: { of: "such an answer", bytes: 8 * mebibyte, json: jsonLimit },
} satisfies Record<string, Bound>;

/** Bytes that are read of an answer whose content only explains its status. */
export const explanationBytes = 64 * 1024;

/** Milliseconds until an answer has to begin, and those that its content is waited for where it is read as a whole. */
export const answerTime = 60_000;

/** Bytes that a second brings at least where the content is streamed, on average and after the time above. */
export const leastRate = 1_000;

/** Bytes of a body that a system may have taken and not sent yet, and how many of these a second takes away at least. */
export const unsentBytes = 4 * mebibyte;
export const unsentRate = 16 * 1024;

/** Redirects that a request follows, as many as in Go's clients. */
export const mostRedirects = 10;

/** What a list comes to at most, over all of its pages. */
export const mostPages = 10_000;
export const mostEntries = 1_000_000;
