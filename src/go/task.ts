import { type Container, ReturnType, type Secret, type Service } from "@dagger.io/dagger";
import { InputError } from "../errors.js";
import { cachedGoContainer, type GoProject, SOURCE_PATH, uncached } from "./project.js";

/** A task of mise, and what it runs with. */
export interface TaskOptions {
  task: string;
  /** Directories in which mise finds tools that are installed already. */
  installs: readonly string[];
  args: readonly string[];
  /** `NAME=value` */
  env: readonly string[];
  secrets: readonly { name: string; secret: Secret }[];
  /** By the host name under which the task finds each. */
  services: readonly { host: string; service: Service }[];
  /** Gives the container after a task that fails as well. */
  allowFailure: boolean;
  /** For tools that mise downloads from GitHub. */
  githubToken?: Secret | undefined;
}

// Where mise reads which tools a project has (mise.jdx.dev, "Configuration").
const configurations = [
  ".mise/**",
  "mise*.toml",
  ".mise*.toml",
  "mise*.lock",
  ".mise*.lock",
  ".config/mise/**",
  ".config/mise*",
  ".tool-versions",
];

/**
 * The container after a task of the project's, with all tools of its configuration: those that the image lacks are
 * installed, once for each state of the configuration. Its output and its exit code are the task's own.
 */
export function runTask(project: GoProject, options: TaskOptions): Container {
  const { task, args, allowFailure } = options;
  const container = withSurroundings(cachedGoContainer(installTools(project, options)), options);
  return uncached(container).withExec(["mise", "run", task, ...args], {
    expect: allowFailure ? ReturnType.Any : ReturnType.Success,
  });
}

/** The image with all other tools, which do not depend on the rest of the source. */
function installTools(
  project: GoProject,
  { installs, githubToken }: Pick<TaskOptions, "installs" | "githubToken">,
): GoProject {
  const own = project.source.filter({ include: configurations });
  const image = project.image
    .withUser("root")
    .withEnvVariable("MISE_YES", "1")
    .withEnvVariable("MISE_TRUSTED_CONFIG_PATHS", SOURCE_PATH)
    .withEnvVariable("MISE_SHARED_INSTALL_DIRS", installs.join(":"))
    .withMountedDirectory(SOURCE_PATH, own)
    .withWorkdir(SOURCE_PATH);
  const install = ["mise", "install"];
  const installed =
    githubToken === undefined
      ? image.withExec(install)
      : image
          .withSecretVariable("GITHUB_TOKEN", githubToken)
          .withExec(install)
          .withoutSecretVariable("GITHUB_TOKEN");
  return { ...project, image: installed.withoutMount(SOURCE_PATH) };
}

function withSurroundings(container: Container, { env, secrets, services }: TaskOptions): Container {
  let to = container;
  for (const [name, value] of env.map(parseVariable)) to = to.withEnvVariable(name, value);
  for (const { name, secret } of secrets) to = to.withSecretVariable(name, secret);
  for (const { host, service } of services) to = to.withServiceBinding(host, service);
  return to;
}

const variable = /^[A-Za-z_]\w*$/;

/** Name of a variable. */
export function parseName(text: string, subject: string): string {
  if (variable.test(text)) return text;
  throw new InputError({ subject, expected: "a name of letters, digits and _", given: text });
}

function parseVariable(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(equals, 0));
  if (variable.test(name)) return [name, text.slice(equals + 1)];
  // What has no name may be a secret.
  throw new InputError({
    subject: "--env",
    expected: "NAME=value, with a name of letters, digits and _",
    given: "something else",
    fix: "Write --env LOG_LEVEL=debug; secrets take with-secret-env",
  });
}
