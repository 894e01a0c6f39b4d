import { needsRegistry, registriesOfDockerfile } from "../../../sdk/docker/build/named-registries.ts";
import type { TemplateInputs } from "./inputs.ts";
import type { RegistryAuthInput } from "./registry-auth-input.ts";

/**
 * The credentials that a build of the Dockerfile needs, and those that it does not: they stay here. A registry that a build
 * may need, for all that can be told, counts as needed.
 */
export function splitRegistryAuth(
  { registryAuth = [], buildArgs }: Pick<TemplateInputs, "registryAuth" | "buildArgs">,
  dockerfile: string,
): { needed: RegistryAuthInput[]; unneeded: RegistryAuthInput[] } {
  const named = registriesOfDockerfile(dockerfile, buildArgs);
  return {
    needed: registryAuth.filter(({ registry }) => needsRegistry(named, registry)),
    unneeded: registryAuth.filter(({ registry }) => !needsRegistry(named, registry)),
  };
}
