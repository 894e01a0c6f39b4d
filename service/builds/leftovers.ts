import type { MachineDriver } from "../fleet/guests/machine-driver.ts";
import { isBuildOpen, isImageWanted } from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import type { ArtifactStore } from "../templates/artifact-store.ts";

/**
 * Removes what builds of an earlier process left: guests of launch checks that nobody waits for, and images of builds that
 * did not become ready. What other services made on the same engine is theirs.
 */
export async function removeLeftovers(
  { db, artifacts, driver }: { db: Database; artifacts: ArtifactStore; driver: MachineDriver },
  signal: AbortSignal,
): Promise<void> {
  for (const { guestId, buildId } of await driver.listTrials(signal)) {
    // One of a build that has been taken up again is that build's to remove.
    if (!isBuildOpen(db, buildId)) await driver.remove(guestId, signal);
  }
  for (const { templateId, imageRef, isOwn } of await artifacts.list(signal)) {
    if (isOwn && !isImageWanted(db, templateId)) await artifacts.remove(imageRef, signal);
  }
}
