import { type Summary, seconds } from "./figures.js";

const width = 720;
const bar = { height: 22, gap: 10, left: 170, right: 90 };
const top = 44;

/** Bars of the medians with the range of the times, readable on light and dark. */
export function renderChart(title: string, summaries: readonly Summary[]): string {
  const longest = Math.max(...summaries.map(({ slowest }) => slowest));
  const scale = (milliseconds: number) => (milliseconds / longest) * (width - bar.left - bar.right);
  const height = top + summaries.length * (bar.height + bar.gap);
  const rows = summaries.map((summary, at) => row(summary, top + at * (bar.height + bar.gap), scale));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
.own { fill: #0969da } .other { fill: #8c959f } line { stroke: #1f2328 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .own { fill: #4493f8 } .other { fill: #6e7681 } line { stroke: #e6edf3 } }
</style>
<text x="0" y="20">${title}</text>
${rows.join("\n")}
</svg>
`;
}

function row(
  { name, milliseconds, fastest, slowest }: Summary,
  y: number,
  scale: (ms: number) => number,
): string {
  const middle = y + bar.height / 2;
  const round = (value: number) => Math.round(value * 10) / 10;
  const [from, to] = [bar.left + scale(fastest), bar.left + scale(slowest)].map(round);
  return [
    `<text x="0" y="${middle + 5}">${name}</text>`,
    `<rect class="${name.startsWith("Slipway") ? "own" : "other"}" x="${bar.left}" y="${y}" width="${round(scale(milliseconds))}" height="${bar.height}" rx="3"/>`,
    `<line x1="${from}" y1="${middle}" x2="${to}" y2="${middle}"/>`,
    `<text x="${round(bar.left + scale(slowest) + 8)}" y="${middle + 5}">${seconds(milliseconds)}</text>`,
  ].join("");
}
