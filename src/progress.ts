import type { Clock } from "./phases.js";
import type { UploadProgress } from "./registry/upload.js";
import { megabytes } from "./report.js";

/** Where progress is shown: a standard stream of the process. */
export interface ProgressOutput {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** An upload under way; times in milliseconds. */
interface Shown {
  progress: UploadProgress;
  began: number;
  shown: number;
}

const lineInterval = 10_000;
const redrawInterval = 100;
const eraseLine = "\r\u001b[2K";

/**
 * Shows how far uploads are. A terminal gets one line that is redrawn; anything else a line for each repository
 * every ten seconds, so that an upload that is faster says nothing.
 */
export function showUploads(output: ProgressOutput, now: Clock): (progress: UploadProgress) => void {
  const uploads = new Map<string, Shown>();
  const over = new Set<string>();
  const show = output.isTTY === true ? redraw : writeLine;
  return (progress) => {
    // A request that broke off may read on for a moment, after its upload has ended; the next one begins with nothing.
    if (over.has(progress.repository) && progress.bytesSent > 0) return;
    over.delete(progress.repository);
    const time = now();
    const upload = uploads.get(progress.repository) ?? { progress, began: time, shown: time };
    upload.progress = progress;
    uploads.set(progress.repository, upload);
    if (progress.ended) {
      uploads.delete(progress.repository);
      over.add(progress.repository);
    }
    show(output, upload, [...uploads.values()], time);
  };
}

function writeLine(output: ProgressOutput, upload: Shown, _: readonly Shown[], time: number): void {
  if (upload.progress.ended || time - upload.shown < lineInterval) return;
  upload.shown = time;
  output.write(`${progressText(upload, time)}\n`);
}

function redraw(output: ProgressOutput, upload: Shown, all: readonly Shown[], time: number): void {
  if (!upload.progress.ended && time - upload.shown < redrawInterval) return;
  upload.shown = time;
  const text = all.map((each) => progressText(each, time)).join("; ");
  // A line that wraps could not be erased as one.
  output.write(`${eraseLine}${text.slice(0, (output.columns ?? 80) - 1)}`);
}

function progressText({ progress, began }: Shown, time: number): string {
  const { repository, bytesSent, bytesTotal } = progress;
  const rate = time === began ? 0 : (bytesSent * 1000) / (time - began);
  return `${repository}: ${megabytes(bytesSent).replace(" MB", "")} of ${megabytes(bytesTotal)} sent, ${megabytes(rate)}/s`;
}
