import type { FaultChooser } from "./fault.js";

/** A page of a list: its JSON, or a status in place of it. */
export type ListPage = object | number;

/** Answers in place of a registry's list with these pages, each but the last with a link to the next. */
export function listPages(list: "/tags/list" | "/referrers/", ...pages: readonly ListPage[]): FaultChooser {
  return ({ path }) => {
    if (!path.includes(list)) return undefined;
    const number = Number(new URL(path, "http://registry").searchParams.get("page") ?? 0);
    const page = pages[number] ?? 404;
    if (typeof page === "number") return { kind: "answer", status: page };
    const headers = number + 1 < pages.length ? { link: `<?page=${number + 1}>; rel="next"` } : {};
    return { kind: "answer", status: 200, headers, body: JSON.stringify(page) };
  };
}
