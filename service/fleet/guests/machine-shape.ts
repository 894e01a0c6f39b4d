import { createHash } from "node:crypto";

/** Everything that a machine is made from and that cannot be changed once it runs. */
export interface MachineShape {
  /** Artifact (`tmpl_…`). */
  readonly templateId: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  /** Least root disk in MiB; `null` = whatever the engine gives. */
  readonly diskMb: number | null;
  readonly internetAccess: boolean;
  /** Placement, by name; `null` = that of the service. */
  readonly placement: string | null;
  /** What the placement says of its machines; see {@link MachineCapabilities.placements}. */
  readonly placementKey: string | null;
}

/**
 * Names a shape: two machines with one key can stand in for each other. Metadata and timeouts are not in it: they belong
 * to a machine's life after it was handed out.
 */
export function compatibilityKey(shape: MachineShape): string {
  const { templateId, vcpus, memoryMb, diskMb, internetAccess, placementKey } = shape;
  // Without a placement as it ever was: the members of a store that had none stay.
  const placed = placementKey === null ? [] : [placementKey];
  const facts = [templateId, vcpus, memoryMb, diskMb, internetAccess, ...placed];
  return `ck1_${createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32)}`;
}
