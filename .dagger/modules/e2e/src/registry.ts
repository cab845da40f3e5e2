import { type Container, type Directory, dag, type Service } from "@dagger.io/dagger";

/** How a registry is reached: plain HTTP, or TLS with a certificate of its own authority. */
export interface RegistryOptions {
  /** Holds cert.pem and key.pem. */
  tls?: Directory;
  /** Lines of an htpasswd file with bcrypt hashes. */
  htpasswd?: string;
}

const distribution = "github.com/distribution/distribution/v3/cmd/registry@v3.1.1";
const port = 5000;
const metricsPort = 5001;

/** CNCF distribution with deletion and metrics, empty. */
export function registry(toolbox: Container, options: RegistryOptions = {}): Service {
  const config = {
    version: 0.1,
    storage: { inmemory: {}, delete: { enabled: true } },
    http: {
      addr: `:${port}`,
      secret: "e2e",
      debug: { addr: `:${metricsPort}`, prometheus: { enabled: true } },
      ...(options.tls && { tls: { certificate: "/tls/cert.pem", key: "/tls/key.pem" } }),
    },
    ...(options.htpasswd && { auth: { htpasswd: { realm: "e2e", path: "/htpasswd" } } }),
  };
  const server = toolbox
    .withEnvVariable("CGO_ENABLED", "0")
    .withEnvVariable("GOBIN", "/out")
    .withExec(["go", "install", distribution])
    .file("/out/registry");
  return dag
    .container()
    .withFile("/registry", server)
    .withNewFile("/config.json", JSON.stringify(config))
    .withNewFile("/htpasswd", options.htpasswd ?? "")
    .withDirectory("/tls", options.tls ?? dag.directory())
    .withExposedPort(port)
    .withExposedPort(metricsPort)
    .asService({ args: ["/registry", "serve", "/config.json"] });
}

/** Requests that upload a blob or a part of one, as the registry itself counts them. */
export async function countUploads(service: Service): Promise<number> {
  const endpoint = await service.endpoint({ port: metricsPort, scheme: "http" });
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  return metrics
    .split("\n")
    .filter((line) => line.startsWith("registry_http_requests_total{") && /handler="blob_upload/.test(line))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
