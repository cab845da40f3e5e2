import { z } from "zod";
import { InputError } from "../../errors.js";
import { parseJson } from "../../json.js";
import { keepToken } from "../../secrets.js";

/** A token by which a CI platform says who runs, and what it says. */
export interface IdentityToken {
  /** As it is sent; a secret. */
  jwt: string;
  issuer: string;
  /** Whose certificate is asked for: what the challenge of Fulcio is about. */
  subject: string;
  claims: Readonly<Record<string, unknown>>;
}

/** What a token has to be for, as the public Fulcio demands it. */
export const defaultAudience = "sigstore";

// A release makes its first request within it; certificates are asked for at once.
const leastLifetime = 10;

const claimsSchema = z.looseObject({
  iss: z.string().min(1),
  sub: z.string().min(1),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  exp: z.number(),
  nbf: z.number().optional(),
  email: z.string().optional(),
  email_verified: z.union([z.boolean(), z.stringbool()]).optional(),
});

const howToGet =
  'On GitHub give the job "permissions: id-token: write" and ask for the audience, on GitLab "id_tokens: … aud:", just before the release';

/**
 * Reads a token, and whether it can be of use: when it ends, and for whom it is. Its signature is judged by whom it is
 * sent to. `now` is in milliseconds since the epoch.
 */
export function parseIdentityToken(text: string, now: number, audience = defaultAudience): IdentityToken {
  const jwt = text.trim();
  keepToken(jwt);
  const claims = claimsOf(jwt);
  if (!claims.aud.includes(audience))
    throw refused(`one for the audience "${audience}"`, `one for ${named(claims.aud)}`);
  const seconds = now / 1000;
  if (claims.exp < seconds + leastLifetime)
    throw refused(
      "one that has not expired",
      `one that was valid until ${timeOf(claims.exp)}, at ${timeOf(seconds)}`,
    );
  if (claims.nbf !== undefined && claims.nbf > seconds + leastLifetime)
    throw refused("one that is valid already", `one from ${timeOf(claims.nbf)}, at ${timeOf(seconds)}`);
  return { jwt, issuer: claims.iss, subject: subjectOf(claims), claims };
}

function claimsOf(jwt: string): z.infer<typeof claimsSchema> {
  const parts = jwt.split(".");
  const payload = parts.length === 3 ? Buffer.from(parts[1] ?? "", "base64url").toString("utf8") : "";
  const parsed = claimsSchema.safeParse(parseJson(payload));
  if (parsed.success) return parsed.data;
  // What it is instead is not shown: it may be a secret of another kind.
  const missing = payload === "" ? [] : parsed.error.issues.map(({ path }) => path.join("."));
  throw refused(
    "a JSON Web Token with iss, sub, aud and exp",
    missing.filter(Boolean).length > 0
      ? `one without a usable ${missing.join(", ")}`
      : `a text of ${jwt.length} characters that is none`,
  );
}

/** As Fulcio reads it: the address of a person, the subject of everything else. */
function subjectOf({ sub, email, email_verified }: z.infer<typeof claimsSchema>): string {
  if (email === undefined) return sub;
  if (email_verified === true) return email;
  throw refused(
    "one whose email address its issuer has verified",
    "one with an address that is not verified",
  );
}

function refused(expected: string, given: string): InputError {
  return new InputError({ subject: "the identity token", expected, given, fix: howToGet });
}

function named(audiences: readonly string[]): string {
  return audiences.length === 0 ? "nobody" : audiences.map((each) => `"${each}"`).join(", ");
}

function timeOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `second ${seconds}` : time.toISOString().replace(/\.\d+Z$/, "Z");
}
