import { randomUUID, sign, X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { type Certificate, makeCertificateAuthority } from "./certificate.js";
import { listenOnLoopback } from "./loopback.js";

/** What a registry has to know of a token server: the `auth.token` section of distribution's configuration. */
export interface TokenIssuer {
  /** URL that the registry names in its challenge. Put a fault proxy before the issuer by replacing it. */
  realm: string;
  service: string;
  issuer: string;
  /** Certificate that verifies the tokens, PEM. */
  certificateFile: string;
}

/** A token server on the loopback interface. */
export interface RunningTokenIssuer extends TokenIssuer {
  /** `127.0.0.1:<port>`. */
  address: string;
  /** Every request for a token, in order of arrival. */
  requests: readonly TokenRequest[];
  stop(): Promise<void>;
}

export interface TokenRequest {
  /** Absent for an anonymous request. */
  user?: string;
  /** As asked for, not as granted. */
  scopes: readonly string[];
  /** Status it was answered with. */
  status: number;
}

export type Action = "pull" | "push" | "delete";

/** Actions by repository. */
export type Grants = Readonly<Record<string, readonly Action[]>>;

export interface TokenIssuerOptions {
  users: Readonly<Record<string, { password: string; grants: Grants }>>;
  /** What everybody may do. Without it a request without credentials is refused. */
  anonymous?: Grants;
  /**
   * How long the registry accepts a token, in seconds, counted from the next full second; 300 unless given. The
   * minute that distribution adds to the expiry of a token is taken off.
   */
  lifetimeSeconds?: number;
  /** The `expires_in` of the answer, where it is to differ from the lifetime. */
  announcedSeconds?: number;
}

interface Access {
  type: "repository";
  name: string;
  actions: readonly string[];
}

interface Account {
  user?: string;
  grants: Grants;
}

const service = "registry.test";
const issuer = "slipway-test-issuer";
// distribution accepts tokens for this long after their `exp` (registry/auth/token/token.go, Leeway).
const registryLeewaySeconds = 60;

/**
 * Starts a token server after the Docker registry token authentication specification: `GET` with Basic
 * credentials. It signs what the account is granted of the scopes asked for, and no more; a token without any is
 * still a token, as at Docker Hub.
 */
export async function startTokenIssuer(options: TokenIssuerOptions): Promise<RunningTokenIssuer> {
  const { lifetimeSeconds = 300, announcedSeconds = lifetimeSeconds } = options;
  const authority = await makeCertificateAuthority(issuer);
  const requests: TokenRequest[] = [];

  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://issuer");
    const scopes = searchParams.getAll("scope").flatMap((scope) => scope.split(" "));
    const account = findAccount(request.headers.authorization, options);
    const status = statusOf(searchParams.get("service"), account);
    requests.push({ ...(account?.user !== undefined && { user: account.user }), scopes, status });

    if (account === undefined || status !== 200) {
      response.writeHead(status, { "content-type": "application/json", ...challengeFor(status) });
      response.end(
        JSON.stringify({ details: status === 401 ? "incorrect username or password" : "no such service" }),
      );
      return;
    }
    const access = scopes.flatMap((scope) => grant(scope, account.grants));
    const token = signToken(authority, account.user ?? "", access, lifetimeSeconds);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ token, access_token: token, expires_in: announcedSeconds }));
  });

  const { address, stop } = await listenOnLoopback(server);
  return {
    address,
    realm: `http://${address}/token`,
    service,
    issuer,
    certificateFile: authority.certificateFile,
    requests,
    async stop() {
      await stop();
      await authority.remove();
    },
  };
}

function findAccount(authorization: string | undefined, options: TokenIssuerOptions): Account | undefined {
  if (authorization === undefined) return options.anonymous && { grants: options.anonymous };
  const credentials = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString();
  const user = credentials.slice(0, credentials.indexOf(":"));
  const known = options.users[user];
  if (known === undefined || credentials !== `${user}:${known.password}`) return undefined;
  return { user, grants: known.grants };
}

function statusOf(requestedService: string | null, account: Account | undefined): number {
  if (requestedService !== service) return 400;
  return account === undefined ? 401 : 200;
}

function challengeFor(status: number): Record<string, string> {
  return status === 401 ? { "www-authenticate": `Basic realm="${issuer}"` } : {};
}

/** The granted part of one scope, `repository:<name>:<action>,<action>`. */
function grant(scope: string, grants: Grants): Access[] {
  const [, name = "", asked = ""] = /^repository:(.+):([^:]*)$/.exec(scope) ?? [];
  const actions = (grants[name] ?? []).filter((action) => asked.split(",").includes(action));
  return actions.length === 0 ? [] : [{ type: "repository", name, actions }];
}

/** A JSON web token with the certificate in its `x5c` header, which distribution 2 and 3 both verify. */
function signToken(
  { key, certificate }: Certificate,
  user: string,
  access: readonly Access[],
  lifetimeSeconds: number,
): string {
  const now = Math.ceil(Date.now() / 1000);
  const header = { typ: "JWT", alg: "ES256", x5c: [new X509Certificate(certificate).raw.toString("base64")] };
  const claims = {
    iss: issuer,
    sub: user,
    aud: service,
    exp: now + lifetimeSeconds - registryLeewaySeconds,
    nbf: now - registryLeewaySeconds,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const content = `${encode(header)}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(content), { key, dsaEncoding: "ieee-p1363" });
  return `${content}.${signature.toString("base64url")}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
