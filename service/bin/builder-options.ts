import { readFileSync } from "node:fs";
import { parseImageRef } from "pulumi-nullspace/docker";
import { asError } from "../errors.ts";
import type { LocalServiceOptions } from "../local-service.ts";
import type { BuilderTlsFiles, RegistryOptions } from "../parts/buildkit-options.ts";
import { UsageError } from "./usage-error.ts";

/** Options of `serve` and `doctor` that say what builds and keeps images, as `parseArgs` takes them. */
export const BUILDER_OPTIONS = {
  builder: { type: "string" },
  "builder-address": { type: "string", multiple: true },
  "builder-tls-ca": { type: "string" },
  "builder-tls-cert": { type: "string" },
  "builder-tls-key": { type: "string" },
  registry: { type: "string" },
  "registry-user": { type: "string" },
  "registry-password-file": { type: "string" },
  "registry-plain-http": { type: "boolean" },
  "registry-take-over": { type: "boolean" },
} as const;

/** What `--help` says of them. */
export const BUILDER_USAGE = `  --builder KIND     what builds: engine (the default, Docker Engine) or buildkit, which needs these two:
  --builder-address URL  a BuildKit daemon, tcp://HOST:PORT or unix:///PATH (may be repeated)
  --registry HOST/PATH   repository of a registry that keeps the images; no other service may use it
  --builder-tls-ca FILE, --builder-tls-cert FILE, --builder-tls-key FILE  (PEM) for connections to builders by tcp
  --registry-user NAME   with the password in $NULLSPACE_REGISTRY_PASSWORD or in --registry-password-file FILE
                     (default: what the Docker configuration has for the registry)
  --registry-plain-http  the registry does not speak TLS, and is not on this machine
  --registry-take-over   the service that the repository belongs to is gone: it becomes this one's`;

/** What `parseArgs` makes of {@link BUILDER_OPTIONS}. */
export interface BuilderArguments {
  builder?: string | undefined;
  "builder-address"?: string[] | undefined;
  "builder-tls-ca"?: string | undefined;
  "builder-tls-cert"?: string | undefined;
  "builder-tls-key"?: string | undefined;
  registry?: string | undefined;
  "registry-user"?: string | undefined;
  "registry-password-file"?: string | undefined;
  "registry-plain-http"?: boolean | undefined;
  "registry-take-over"?: boolean | undefined;
}

const EXAMPLE = "--builder buildkit --builder-address tcp://builder:1234 --registry registry.example/team/nullspace";

/**
 * Reads which builders and which registry a service uses. What the password is in is taken out of the environment, so that nothing
 * that this process starts gets to see it.
 *
 * @throws UsageError for options that do not go together, saying what to type
 */
export function readBuilder(
  values: BuilderArguments,
  env: Record<string, string | undefined> = process.env,
): Pick<LocalServiceOptions, "buildkit"> {
  const password = env.NULLSPACE_REGISTRY_PASSWORD;
  delete env.NULLSPACE_REGISTRY_PASSWORD;
  const { builder = "engine" } = values;
  if (builder === "engine") {
    const [other] = Object.keys(BUILDER_OPTIONS).filter(
      (name) => name !== "builder" && values[name as keyof BuilderArguments] !== undefined,
    );
    if (other === undefined) return {};
    throw new UsageError(`--${other} is for builders of BuildKit with a registry. Type: ${EXAMPLE}`);
  }
  if (builder !== "buildkit") throw new UsageError(`--builder ${builder} is neither engine nor buildkit.`);
  const { "builder-address": addresses = [], registry } = values;
  if (addresses.length === 0) {
    throw new UsageError(`--builder buildkit needs --builder-address, at least one. Type: ${EXAMPLE}`);
  }
  if (registry === undefined) {
    throw new UsageError(
      `--builder buildkit needs --registry: what builders make has to be kept somewhere. Type: ${EXAMPLE}`,
    );
  }
  for (const address of addresses) checkAddress(address);
  const tls = readTls(values, addresses);
  return {
    buildkit: { addresses: [...new Set(addresses)], ...tls, registry: readRegistry(registry, values, password) },
  };
}

function checkAddress(address: string): void {
  const isSocket = /^unix:\/\/\/./.test(address);
  const url = /^tcp:\/\//.test(address) && URL.canParse(address) ? new URL(address) : undefined;
  if (isSocket || (url !== undefined && url.hostname !== "" && url.port !== "" && /^\/?$/.test(url.pathname))) return;
  throw new UsageError(
    `--builder-address ${address} is not the address of a BuildKit daemon. Use tcp://HOST:PORT or unix:///path/to/buildkitd.sock.`,
  );
}

function readTls(values: BuilderArguments, addresses: readonly string[]): { tls?: BuilderTlsFiles } {
  const { "builder-tls-ca": caFile, "builder-tls-cert": certFile, "builder-tls-key": keyFile } = values;
  if (caFile === undefined && certFile === undefined && keyFile === undefined) return {};
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError("--builder-tls-cert and --builder-tls-key go together: name both files.");
  }
  if (addresses.every((address) => address.startsWith("unix://"))) {
    throw new UsageError("--builder-tls-… is for builders by tcp, and all of these are sockets: leave it out.");
  }
  return {
    tls: {
      ...(caFile !== undefined && { caFile }),
      ...(certFile !== undefined && keyFile !== undefined && { certFile, keyFile }),
    },
  };
}

function readRegistry(text: string, values: BuilderArguments, password: string | undefined): RegistryOptions {
  const isWhole = /^[^/]+\/./.test(text) && isRepository(text);
  if (!isWhole) {
    throw new UsageError(
      `--registry ${text} is not a repository. Name its host and a path, without scheme, tag or digest: registry.example/team/nullspace`,
    );
  }
  const { "registry-user": username, "registry-password-file": file, "registry-plain-http": isPlain = false } = values;
  if (username === undefined && file !== undefined) {
    throw new UsageError("--registry-password-file needs --registry-user NAME, whose password is in the file.");
  }
  const login = file === undefined ? { password } : new PasswordFile(file);
  if (username !== undefined && !login.password) {
    throw new UsageError(
      "--registry-user needs a password: in the environment variable NULLSPACE_REGISTRY_PASSWORD, or in --registry-password-file FILE.",
    );
  }
  return {
    repository: text,
    isPlain,
    ...(values["registry-take-over"] === true && { takeOver: true }),
    ...(username !== undefined && {
      auth: {
        username,
        get password() {
          return login.password ?? "";
        },
      },
    }),
  };
}

/** A registry's host is always named: without one, Docker Hub would be meant. */
function isRepository(text: string): boolean {
  try {
    const { registry, repository, digest } = parseImageRef(text);
    const isHub = registry === "docker.io" && !/^(index\.)?docker\.io\//.test(text);
    return !isHub && digest === null && text === `${text.slice(0, text.indexOf("/"))}/${repository}`;
  } catch {
    return false;
  }
}

/** A password that is in a file, which whoever renews it writes again. */
class PasswordFile {
  readonly #file: string;
  #latest: string;

  /** @throws UsageError when it cannot be read */
  constructor(file: string) {
    this.#file = file;
    try {
      this.#latest = readPassword(file);
    } catch (error) {
      throw new UsageError(`--registry-password-file ${file} cannot be read: ${asError(error).message}`, {
        cause: error,
      });
    }
  }

  /** As of now; while the file is absent or empty, the last one that was in it. */
  get password(): string {
    try {
      this.#latest = readPassword(this.#file) || this.#latest;
    } catch {
      // It is being replaced.
    }
    return this.#latest;
  }
}

function readPassword(file: string): string {
  return readFileSync(file, "utf8").replace(/\r?\n$/, "");
}
