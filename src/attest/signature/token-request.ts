import { z } from "zod";
import { jsonLimit, parseBounded } from "../../json.js";
import { ask, type Delivery, type Service, unreadable } from "./service.js";

const answer = z.object({ value: z.string().min(1) });

const service: Service = {
  name: "the token service of GitHub Actions",
  unavailable: "Nothing was signed: run the job again, which completes what is missing.",
  refused:
    'Give the job "permissions: id-token: write", and pass $ACTIONS_ID_TOKEN_REQUEST_TOKEN and $ACTIONS_ID_TOKEN_REQUEST_URL of this job.',
};

/** Asks GitHub for the identity token of a job, with the token and the URL that its runner gives the job for that. */
export async function requestToken(
  delivery: Delivery,
  { url, token, audience }: { url: string; token: string; audience: string },
): Promise<string> {
  const { body } = await ask(delivery, service, {
    url: withAudience(url, audience),
    method: "GET",
    accept: "application/json",
    authorization: `Bearer ${token}`,
    statuses: [200],
  });
  const parsed = answer.safeParse(parseBounded(body.toString("utf8"), jsonLimit));
  if (parsed.success) return parsed.data.value;
  throw unreadable(service, "holds no token");
}

function withAudience(text: string, audience: string): string {
  const url = new URL(text);
  url.searchParams.set("audience", audience);
  return url.href;
}
