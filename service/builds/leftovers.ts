import type { DockerEngine } from "pulumi-nullspace/docker";
import { INSTANCE_LABEL } from "../labels.ts";
import type { Database } from "../store/database.ts";
import { BUILD_LABEL, removeContainer } from "./launch-check.ts";

const IMAGE = /^nullspace-local\/(tmpl_[a-z0-9]+):latest$/;

/**
 * Removes what builds of an earlier process left on the engine: containers of checks that nobody waits for, and images
 * of builds that did not become ready. What other services on the same engine made carries another label.
 */
export async function removeLeftovers(
  { engine, db, instanceId }: { engine: DockerEngine; db: Database; instanceId: string },
  removeImage: (imageRef: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const own = `${INSTANCE_LABEL}=${instanceId}`;
  for (const { Id, Labels } of await engine.containers.list({
    all: true,
    filters: { label: [own, BUILD_LABEL] },
    signal,
  })) {
    // One of a build that has been taken up again is that build's to remove.
    if (!isOpen(db, Labels?.[BUILD_LABEL] ?? "")) await removeContainer(engine, Id);
  }
  for (const { RepoTags } of await engine.images.list({ filters: { label: [own] }, signal })) {
    for (const name of RepoTags ?? []) {
      const templateId = IMAGE.exec(name)?.[1];
      if (templateId !== undefined && !isWanted(db, templateId)) await removeImage(name);
    }
  }
}

/** Whether a build waits or runs. */
function isOpen(db: Database, buildId: string): boolean {
  return (
    db.get("SELECT 1 FROM builds WHERE build_id = ? AND status IN ('waiting', 'building')", [buildId]) !== undefined
  );
}

/** Whether an image belongs to a build that is on its way, or to an artifact that still has it. */
function isWanted(db: Database, templateId: string): boolean {
  const wanted = db.get(
    `SELECT 1 FROM builds b LEFT JOIN artifacts a USING (build_id)
     WHERE b.template_id = ?
       AND (b.status IN ('waiting', 'building') OR (a.build_id IS NOT NULL AND a.image_removed_at IS NULL))`,
    [templateId],
  );
  return wanted !== undefined;
}
