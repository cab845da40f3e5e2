import { type Container, dag, type File, type Service } from "@dagger.io/dagger";
import { outputOf } from "./toolbox.js";

/** A mirror of mise's release assets, for machines that cannot reach the real ones. */
export interface MiseMirror {
  service: Service;
  version: string;
  /** SHA-256 of the asset for linux/amd64. */
  sha256: string;
}

const server = `package main

import "net/http"

func main() { panic(http.ListenAndServe(":80", http.FileServer(http.Dir("/assets")))) }
`;

/** Serves a mise binary in the form of its release assets. */
export async function mirrorMise(toolbox: Container, mise: File): Promise<MiseMirror> {
  const version = (await outputOf(toolbox.withFile("/mise", mise), "/mise --version")).split(" ")[0] ?? "";
  const asset = `mise-v${version}-linux-x64-musl.tar.gz`;
  const packed = toolbox
    .withFile("/pack/mise/bin/mise", mise)
    .withNewFile("/pack/mise/LICENSE", "MIT License\n")
    .withExec(["mkdir", "-p", `/assets/v${version}`])
    .withExec(["tar", "-czf", `/assets/v${version}/${asset}`, "-C", "/pack", "mise"]);
  const program = toolbox
    .withEnvVariable("CGO_ENABLED", "0")
    .withNewFile("/server/main.go", server)
    .withExec(["go", "build", "-o", "/out/server", "/server/main.go"])
    .file("/out/server");
  const service = dag
    .container()
    .withFile("/server", program)
    .withDirectory("/assets", packed.directory("/assets"))
    .withExposedPort(80)
    .asService({ args: ["/server"] });
  const sum = await outputOf(packed, `sha256sum /assets/v${version}/${asset}`);
  return { service: await service.start(), version, sha256: sum.split(" ")[0] ?? "" };
}
