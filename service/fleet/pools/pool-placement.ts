import { InvalidRequestError } from "../../errors.ts";
import type { MachineCapabilities } from "../guests/machine-driver.ts";
import { PLACEMENT_LABEL } from "../../labels.ts";
import type { PoolRow } from "../../store/warm-pools.ts";

/** Placements that there are, each with the digest of what its machines have of it. */
export type Placements = NonNullable<MachineCapabilities["placements"]>;

/** The placement that labels of a pool choose; `null`: none. */
export function placementOf(labels: Readonly<Record<string, string>>): string | null {
  return Object.hasOwn(labels, PLACEMENT_LABEL) ? (labels[PLACEMENT_LABEL] ?? null) : null;
}

/**
 * Machines of a pool without what its placement stands for would be other machines, so what is not known is not passed over.
 *
 * @throws InvalidRequestError naming those that there are
 */
export function assertPlacement(placement: string | null, placements: Placements): void {
  if (placement === null || placements.has(placement)) return;
  if (placements.size === 0) {
    throw new InvalidRequestError(
      `labels: this service has no placements, so a pool cannot have ${PLACEMENT_LABEL} "${placement}".`,
      { suggestedAction: "Leave the label out, or serve with --machines kubernetes and --placements FILE." },
    );
  }
  const known = [...placements.keys()];
  throw new InvalidRequestError(
    `labels: there is no placement "${placement}" (${PLACEMENT_LABEL}). Choose from ${known.join(", ")}.`,
    {
      suggestedAction: "Name one of these, or define it in the file of --placements and start the service again.",
      details: { placements: known },
    },
  );
}

/** What is wrong with a pool whose placement is not there any more, and what to do; `undefined` when it is. */
export function missingPlacement(
  { placement }: Pick<PoolRow, "placement">,
  placements: Placements,
): string | undefined {
  if (placement === null || placements.has(placement)) return undefined;
  return (
    `The placement "${placement}" is not defined any more, so no machine of the pool is started. Define it in the file of ` +
    `--placements and start the service again, or give the pool another (label ${PLACEMENT_LABEL}).`
  );
}
