import { anyText, like, recordOf, text } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";
import { isRegistryTold, namedImages, type NamedImage } from "../../dockerfile/named-images.ts";
import { UNTOLD } from "../../dockerfile/expand-word.ts";
import { registryHost } from "../auth/registry-host.ts";
import { ImageRefError } from "../errors.ts";
import { parseImageRef } from "../image-ref.ts";

const BUILD_ARGS = recordOf(anyText, "texts");
const NAMED = like("registries, such as registriesOfImage gives", ({ hosts }) => hosts instanceof Set);

/** The registries that a build may log in to. */
export interface NamedRegistries {
  /** Hosts, in lower case, `docker.io` for Docker Hub. */
  readonly hosts: ReadonlySet<string>;
  /** Some image depends on what nobody can tell from the Dockerfile: it may be of any registry. */
  readonly mayBeMore: boolean;
}

/**
 * The registries of the images that a Dockerfile names.
 *
 * @param buildArgs values given for its `ARG`s
 * @example
 * ```ts
 * const { hosts } = registriesOfDockerfile("FROM ghcr.io/acme/base:1\nCOPY --from=busybox /bin/sh /bin/sh\n");
 * [...hosts]; // ["ghcr.io", "docker.io"]
 * ```
 */
export function registriesOfDockerfile(
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>> = {},
): NamedRegistries {
  check("registriesOfDockerfile", { dockerfile: anyText, buildArgs: BUILD_ARGS }, { dockerfile, buildArgs });
  const found = namedImages(dockerfile, buildArgs).map(hostOf);
  return {
    hosts: new Set(found.filter((host) => host !== undefined)),
    mayBeMore: found.includes(undefined),
  };
}

/**
 * The registry of a single image.
 *
 * @example
 * ```ts
 * [...registriesOfImage("ghcr.io/acme/base:1").hosts]; // ["ghcr.io"]
 * ```
 */
export function registriesOfImage(image: string): NamedRegistries {
  check("registriesOfImage", { image: text }, { image });
  const host = hostOf({ name: image, line: 0 });
  return { hosts: new Set(host === undefined ? [] : [host]), mayBeMore: host === undefined };
}

/**
 * Does the build, as far as can be told, need credentials of the registry?
 *
 * @param registry its host in any form in which it is written: `ghcr.io`, `https://index.docker.io/v1/`
 * @example
 * ```ts
 * const named = registriesOfDockerfile("FROM ghcr.io/acme/base:1\nRUN make\n");
 * needsRegistry(named, "https://ghcr.io"); // true
 * ```
 */
export function needsRegistry(named: NamedRegistries, registry: string): boolean {
  check("needsRegistry", { named: NAMED, registry: anyText }, { named, registry });
  const { hosts, mayBeMore } = named;
  return mayBeMore || hosts.has(registryHost(registry.trim()).toLowerCase());
}

function hostOf(image: NamedImage): string | undefined {
  if (!isRegistryTold(image)) return undefined;
  try {
    return registryHost(parseImageRef(image.name.replaceAll(UNTOLD, "x")).registry).toLowerCase();
  } catch (error) {
    if (error instanceof ImageRefError) return undefined;
    throw error;
  }
}
