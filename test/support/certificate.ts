import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** A private key and its certificate, as PEM text and as files. */
export interface Certificate {
  key: string;
  certificate: string;
  keyFile: string;
  certificateFile: string;
}

/** A private certificate authority. Its files, and those it issued, lie in a temporary directory. */
export interface CertificateAuthority extends Certificate {
  /** Issues a server certificate for host names and IP addresses. */
  issue(names: readonly string[]): Promise<Certificate>;
  /** Removes every file. */
  remove(): Promise<void>;
}

const lifetimeDays = "2";
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const run = promisify(execFile);

/** Makes a self-signed certificate authority (ECDSA, P-256), new in each call. */
export async function makeCertificateAuthority(
  name = "Slipway test authority",
): Promise<CertificateAuthority> {
  const directory = makeTemporaryDirectory();
  const config = join(directory.path, "authority.cnf");
  await writeFile(config, authorityConfig);
  const files = filesIn(directory.path, "authority");
  await openssl(
    ...["req", "-x509", "-config", config, ...newKey, "-subj", `/CN=${name}`, "-days", lifetimeDays],
    ...["-keyout", files.keyFile, "-out", files.certificateFile],
  );
  let issued = 0;
  return {
    ...(await read(files)),
    issue: (names) => issue(names, files, filesIn(directory.path, `server-${issued++}`)),
    remove: () => directory.remove(),
  };
}

// A configuration of our own: distributions differ in what theirs adds to a certificate.
const authorityConfig = `
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
`;

type CertificateFiles = Pick<Certificate, "keyFile" | "certificateFile">;

async function issue(
  names: readonly string[],
  authority: CertificateFiles,
  server: CertificateFiles,
): Promise<Certificate> {
  const request = `${server.certificateFile}.csr`;
  const extensions = `${server.certificateFile}.cnf`;
  await writeFile(extensions, serverExtensions(names));
  await openssl(
    ...["req", "-new", "-config", join(authority.certificateFile, "../authority.cnf"), ...newKey],
    ...["-subj", `/CN=${names[0]}`, "-keyout", server.keyFile, "-out", request],
  );
  await openssl(
    ...["x509", "-req", "-in", request, "-CA", authority.certificateFile, "-CAkey", authority.keyFile],
    ...["-CAcreateserial", "-days", lifetimeDays, "-extfile", extensions, "-out", server.certificateFile],
  );
  return read(server);
}

function serverExtensions(names: readonly string[]): string {
  const alternatives = names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`);
  return `
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${alternatives.join(", ")}
`;
}

function filesIn(directory: string, name: string): CertificateFiles {
  return { keyFile: join(directory, `${name}.key`), certificateFile: join(directory, `${name}.pem`) };
}

async function read(files: CertificateFiles): Promise<Certificate> {
  const [key, certificate] = await Promise.all([
    readFile(files.keyFile, "utf8"),
    readFile(files.certificateFile, "utf8"),
  ]);
  return { ...files, key, certificate };
}

async function openssl(...args: string[]): Promise<void> {
  await run("openssl", args, { timeout: 20_000 });
}
