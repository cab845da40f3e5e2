import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { timestamp } from "../../../src/attest/signature/timestamp.js";
import { directFetch, noWait } from "../../support/client.js";
import { type LoopbackServer, listenOnLoopback } from "../../support/loopback.js";
import { makeTemporaryDirectory } from "../../support/temporary-directory.js";
import { messageThrownBy } from "../../support/thrown.js";

const configuration = `
[tsa]
default_tsa = ours
[ours]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
`;

const request =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=tsa -addext extendedKeyUsage=critical,timeStamping -keyout key.pem -out certificate.pem";
const reply = "ts -reply -config tsa.cnf -signer certificate.pem -inkey key.pem -queryfile query -out reply";
const verification =
  "ts -verify -data signature -in reply -CAfile certificate.pem -untrusted certificate.pem";

const directory = makeTemporaryDirectory();
const openssl = (line: string) => promisify(execFile)("openssl", line.split(" "), { cwd: directory.path });
const file = (name: string) => join(directory.path, name);

let authority: LoopbackServer;
const paths: (string | undefined)[] = [];

beforeAll(async () => {
  await writeFile(file("tsa.cnf"), configuration);
  await openssl(request);
  const server = createServer(async (query, answer) => {
    paths.push(query.url);
    const asked = await buffer(query);
    if (query.url !== "/stale") {
      await writeFile(file("query"), asked);
      await openssl(reply);
    }
    answer.writeHead(200, { "content-type": "application/timestamp-reply" });
    answer.end(await readFile(file("reply")));
  });
  authority = await listenOnLoopback(server);
});

afterAll(async () => {
  await authority.stop();
  await directory.remove();
});

it.each([
  ["", "/api/v1/timestamp"],
  ["/", "/api/v1/timestamp"],
  ["/tsr", "/tsr"],
])("is given by OpenSSL, which is asked as RFC 3161 says, at %s", async (path, asked) => {
  const signature = Buffer.from("signature");
  const url = `http://${authority.address}${path}`;
  const given = await timestamp({ fetch: directFetch, sleep: noWait }, url, signature);
  expect(paths.at(-1)).toBe(asked);
  await writeFile(file("signature"), signature);
  await writeFile(file("reply"), given);
  expect((await openssl(verification)).stdout).toContain("Verification: OK");
});

it("is none where it is that of another signature", async () => {
  const ask = (path: string, signature: string) =>
    timestamp(
      { fetch: directFetch, sleep: noWait },
      `http://${authority.address}${path}`,
      Buffer.from(signature),
    );
  await ask("/tsr", "one");
  expect(await messageThrownBy(() => ask("/stale", "another"))).toContain(
    "grants no timestamp of this signature",
  );
});
