import { createHash } from "node:crypto";
import { isTooLarge } from "./bundle.js";
import { ask, type Delivery, endpoint, type Service, unreadable } from "./service.js";

// A request of RFC 3161, version 1, for a SHA-256 (its 32 bytes follow), and that its certificate is left out.
const requestHead = "30360201013031300d060960864801650304020105000420";

/** Has a timestamp authority sign that a signature exists. */
export async function timestamp(delivery: Delivery, authority: string, signature: Buffer): Promise<Buffer> {
  const service = serviceAt(authority);
  // Those of Sigstore are named by their host or by the whole address.
  const path = new URL(endpoint(authority, "/")).pathname === "/" ? "/api/v1/timestamp" : "";
  const digest = createHash("sha256").update(signature).digest();
  const { body } = await ask(delivery, service, {
    url: endpoint(authority, path),
    contentType: "application/timestamp-query",
    accept: "application/timestamp-reply",
    statuses: [200, 201],
    body: Buffer.concat([Buffer.from(requestHead, "hex"), digest]),
  });
  const { RFC3161Timestamp } = await import("@sigstore/core");
  if (isTooLarge(body)) throw unreadable(service, "is larger than any timestamp");
  try {
    const { status, tstInfo, signingTime } = RFC3161Timestamp.parse(Buffer.from(body));
    // Granted, or with modifications (RFC 3161 section 2.4.2). Who signed it is for those who verify it.
    const isGranted = status <= 1n && Number.isFinite(signingTime.getTime());
    if (isGranted && tstInfo.messageImprintHashedMessage.equals(digest)) return body;
  } catch {
    // Said below.
  }
  throw unreadable(service, "grants no timestamp of this signature that can be read");
}

function serviceAt(authority: string): Service {
  return {
    name: `the timestamp authority at ${authority}`,
    unavailable:
      "Nothing was attached: run the release again, which completes what is missing, or name another authority, or none.",
    refused: "Name a timestamp authority of RFC 3161, or none.",
  };
}
