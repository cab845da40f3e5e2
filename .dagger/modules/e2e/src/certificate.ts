import type { Container, Directory } from "@dagger.io/dagger";

/** A certificate that is its own authority, as cert.pem and key.pem, made by the generator that Go carries. */
export function makeCertificate(toolbox: Container, hostname: string): Directory {
  return toolbox
    .withWorkdir("/certificate")
    .withExec([
      "sh",
      "-euc",
      `go run "$(go env GOROOT)/src/crypto/tls/generate_cert.go" --ca --host ${hostname}`,
    ])
    .directory("/certificate");
}
