import type { LocalServiceOptions } from "../local-service.ts";
import type { Setup } from "../setups.ts";
import { readBuilder, type BuilderArguments } from "./builder-options.ts";
import { readMachines, type MachineArguments } from "./machine-options.ts";

/** Options by which a command that looks after a service finds what the service uses. */
export type SetupArguments = BuilderArguments & MachineArguments & { "docker-host"?: string | undefined };

/** Where a command looks, and what it was not told of. */
export interface Places extends Pick<LocalServiceOptions, "buildkit" | "kubernetes"> {
  /** Docker Engine builds, keeps images or runs machines. */
  readonly isEngineUsed: boolean;
  /** What the service was served with and the options do not say, as one would type it; absent: nothing. */
  readonly missing?: string;
}

/**
 * Reads where the parts of a service are.
 *
 * @param setups that the service was served with and that count; none: the options say all there is
 * @throws UsageError
 */
export function readPlaces(values: SetupArguments, setups: readonly Setup[]): Places {
  const { buildkit } = readBuilder(values);
  const { kubernetes } = readMachines(values);
  const missing = [
    ...(buildkit === undefined ? buildersMissing(setups) : []),
    ...(kubernetes === undefined ? machinesMissing(setups) : []),
  ];
  const usesEngine = ({ builder, machines }: Pick<Setup, "builder" | "machines">) =>
    builder === "engine" || machines === "docker";
  const given = {
    builder: buildkit === undefined ? ("engine" as const) : ("buildkit" as const),
    machines: kubernetes === undefined ? ("docker" as const) : ("kubernetes" as const),
  };
  return {
    ...(buildkit && { buildkit }),
    ...(kubernetes && { kubernetes }),
    isEngineUsed: setups.length === 0 ? usesEngine(given) : setups.some(usesEngine),
    ...(missing.length > 0 && { missing: missing.join(" ") }),
  };
}

function buildersMissing(setups: readonly Setup[]): string[] {
  const setup = setups.findLast(({ builder }) => builder === "buildkit");
  return setup === undefined
    ? []
    : [`--builder buildkit --builder-address URL --registry ${setup.registry ?? "HOST/PATH"}`];
}

function machinesMissing(setups: readonly Setup[]): string[] {
  const setup = setups.findLast(({ machines }) => machines === "kubernetes");
  if (setup === undefined) return [];
  return [`--machines kubernetes${setup.namespace === undefined ? "" : ` --namespace ${setup.namespace}`}`];
}
