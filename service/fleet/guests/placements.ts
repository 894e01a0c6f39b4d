import type { MachineCapabilities } from "./machine-driver.ts";
import type { MachineShape } from "./machine-shape.ts";

/** Placements that there are, each with the digest of what its machines have of it. */
export type Placements = NonNullable<MachineCapabilities["placements"]>;

/** What is wrong with a pool whose placement is not there any more, and what to do; `undefined` when it is. */
export function missingPlacement(
  { placement }: Pick<MachineShape, "placement">,
  placements: Placements,
): string | undefined {
  if (placement === null || placements.has(placement)) return undefined;
  return (
    `The placement "${placement}" is not defined any more, so no machine of the pool is started. Define it in the file of ` +
    `--placements and start the service again, or give the pool another.`
  );
}
