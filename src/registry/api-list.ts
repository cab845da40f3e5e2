import type { z } from "zod";
import { nextPage } from "./answer.js";
import { Pages } from "./pages.js";
import { type ApiSettings, callApi, parseAnswer } from "./service-api.js";

/** All entries of a list of an API, over as many pages as it takes. */
export async function listAll<T>(
  api: ApiSettings,
  first: string,
  name: string,
  entries: z.ZodType<T[]>,
): Promise<T[]> {
  const subject = `${api.subject}: ${name}`;
  const pages = new Pages(subject);
  const found: T[] = [];
  for (let url: string | undefined = first; url !== undefined; ) {
    pages.ask(url);
    const answer = await callApi(api, { method: "GET", url, name, accept: [200] });
    const page: T[] = parseAnswer(entries, answer, subject);
    pages.count(page.length);
    found.push(...page);
    url = nextPage(answer, new URL(first), subject)?.href;
  }
  return found;
}
