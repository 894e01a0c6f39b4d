import {
  needsRegistry,
  registriesOfDockerfile,
  registriesOfImage,
  type NamedRegistries,
} from "../../../sdk/docker/build/named-registries.ts";
import type { TemplateInputs } from "./inputs.ts";
import type { RegistryAuthInput } from "./registry-auth-input.ts";

const NONE: NamedRegistries = { hosts: new Set(), mayBeMore: false };

/**
 * The credentials that a build needs, and those that it does not: they stay here. A registry that a build may need, for all
 * that can be told, counts as needed.
 *
 * @param dockerfile absent when the template is built from something else
 */
export function splitRegistryAuth(
  { registryAuth = [], buildArgs, image }: Pick<TemplateInputs, "registryAuth" | "buildArgs" | "image">,
  dockerfile: string | undefined,
): { needed: RegistryAuthInput[]; unneeded: RegistryAuthInput[] } {
  const ofImage = image === undefined ? NONE : registriesOfImage(image);
  const named = dockerfile === undefined ? ofImage : registriesOfDockerfile(dockerfile, buildArgs);
  return {
    needed: registryAuth.filter(({ registry }) => needsRegistry(named, registry)),
    unneeded: registryAuth.filter(({ registry }) => !needsRegistry(named, registry)),
  };
}
