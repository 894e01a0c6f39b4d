import type { Database } from "./database.ts";
import type { ArtifactUse } from "./artifact-use.ts";

/**
 * Who needs artifacts among the machines and pools: a pool that is not deleted forbids deleting what it is made from, a
 * machine (and a pool's member of an older build, or a generation that is kept for other programs) only keeps the image until it
 * has gone.
 */
export function fleetArtifactUses(db: Database, templateIds: readonly string[]): ArtifactUse[] {
  const wanted = JSON.stringify(templateIds);
  const pools = db.all<{ poolId: string; name: string; templateId: string }>(
    `SELECT pool_id AS poolId, name, template_id AS templateId FROM warm_pools
     WHERE state <> 'deleted' AND template_id IN (SELECT value FROM json_each(?))`,
    [wanted],
  );
  const guests = db.all<{ id: string; templateId: string; isMember: 0 | 1 }>(
    `SELECT coalesce(machine_id, pool_id, guest_id) AS id, template_id AS templateId, machine_id IS NULL AS isMember
     FROM guests WHERE template_id IN (SELECT value FROM json_each(?)) GROUP BY id, template_id`,
    [wanted],
  );
  const native = db.all<{ id: string; templateId: string; objectName: string }>(
    `SELECT pool_id AS id, template_id AS templateId, object_name AS objectName FROM native_generations
     WHERE template_id IN (SELECT value FROM json_each(?))`,
    [wanted],
  );
  return [
    ...pools.map(({ poolId, name, templateId }): ArtifactUse => {
      return {
        kind: "warm_pool",
        id: poolId,
        templateId,
        label: `warm pool "${name}" (${poolId})`,
        blocksDelete: true,
      };
    }),
    ...guests.map(({ id, templateId, isMember }): ArtifactUse => {
      const label = isMember ? `a member of warm pool ${id}` : `machine ${id}`;
      return { kind: isMember ? "warm_pool" : "machine", id, templateId, label, blocksDelete: false };
    }),
    ...native.map(({ id, templateId, objectName }): ArtifactUse => {
      const label = `SandboxWarmPool ${objectName} of warm pool ${id}`;
      return { kind: "warm_pool", id, templateId, label, blocksDelete: false };
    }),
  ];
}
