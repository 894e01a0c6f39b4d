import { expect } from "vitest";
import { parseTemplateRef } from "../../../../sdk/wire/index.ts";
import { listAliases } from "../../../../service/templates/aliases.ts";
import { findLogicalTemplate } from "../../../../service/templates/logical-template.ts";
import { resolveTemplate } from "../../../../service/templates/resolve.ts";
import { listTags } from "../../../../service/templates/tags.ts";
import { codeOf } from "./code-of.ts";
import { NAMES, TAGS, type Model } from "./model.ts";
import type { RestartableParts } from "./restartable-parts.ts";

/** Everything that can be asked, held against the model. */
export async function compare(model: Model, parts: RestartableParts): Promise<void> {
  const { db } = parts;
  for (const name of NAMES) {
    const template = model.find(name);
    const found = findLogicalTemplate(db, parseTemplateRef(name));
    expect(found?.name, `name ${name}`).toBe(template?.name);
    for (const tag of TAGS) {
      const buildId = template?.tags.get(tag);
      const resolved = await codeOf(() => expect(resolveTemplate(db, `${name}:${tag}`).buildId).toBe(buildId));
      expect(resolved, `ref ${name}:${tag}`).toBe(buildId === undefined ? "template_not_found" : undefined);
    }
    const newest = template?.builds.at(-1);
    const bare = await codeOf(() => expect(resolveTemplate(db, name).buildId).toBe(newest));
    expect(bare, `ref ${name}`).toBe(newest === undefined ? "template_not_found" : undefined);
    if (template === undefined) continue;
    expect(listTags(db, name).map(({ tag, build_id }) => [tag, build_id])).toEqual([...template.tags].sort());
    expect(listAliases(db, name).map(({ alias_ref }) => alias_ref)).toEqual(
      [...template.aliases].map((alias) => `local/${alias}`).sort(),
    );
  }
  for (const machineId of model.machines.values()) expect(parts.fleet.machines.get(machineId).status).toBe("running");
  checkAlways(parts);
}

/** What holds at every moment, whatever is under way. */
export function checkAlways({ db }: RestartableParts): void {
  expect(
    db.all("SELECT tag FROM tags JOIN builds USING (build_id) WHERE status <> 'ready'"),
    "tags on builds that are not ready",
  ).toEqual([]);
  expect(
    db.all("SELECT tag FROM tags JOIN artifacts USING (build_id) WHERE state <> 'available'"),
    "tags on artifacts that are gone",
  ).toEqual([]);
  expect(
    db.all("SELECT name FROM aliases JOIN templates USING (namespace, name) WHERE deleted_at IS NULL"),
    "names that are a template's and an alias",
  ).toEqual([]);
  expect(
    db.all("SELECT name FROM claims JOIN templates USING (namespace, name) WHERE deleted_at IS NULL"),
    "claims of names that are taken",
  ).toEqual([]);
  expect(
    // A machine that ended goes when it goes: the pool starts nothing while it is there, and cannot keep it from ending.
    db.all(`SELECT pool_id FROM guests JOIN warm_pools USING (pool_id) WHERE guests.state <> 'claimed'
              AND coalesce(release_reason, '') NOT IN ('destroyed', 'error', 'failed', 'interrupted')
            GROUP BY pool_id HAVING count(*) > max(max_ready)`),
    "pools with more members than they may have",
  ).toEqual([]);
  expect(
    db.all(`SELECT name FROM warm_pools WHERE state <> 'deleted' AND NOT EXISTS (
              SELECT 1 FROM tags JOIN templates t USING (template_key) LEFT JOIN aliases a USING (template_key)
              WHERE tag = track_tag AND (t.name = template_ref OR a.name = template_ref))`),
    "pools that follow a tag which is not there",
  ).toEqual([]);
}
