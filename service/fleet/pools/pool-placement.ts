import { InvalidRequestError } from "../../errors.ts";
import type { Placements } from "../guests/placements.ts";
import { PLACEMENT_LABEL } from "../../labels.ts";

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
