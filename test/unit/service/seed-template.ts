import type { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { newId } from "../../../service/ids.ts";
import type { Database } from "../../../service/store/database.ts";

/** A template in the store as a successful build leaves it, without the build. */
export interface SeededBuild {
  buildId: string;
  templateId: string;
}

/**
 * Writes a ready build of `local/<name>` and points `tag` at it.
 *
 * @param imageId image on the engine that its machines run
 */
export function seedBuild(
  db: Database,
  name: string,
  tag: string,
  imageId: string,
  definition: CreateTemplateRequest = {},
): SeededBuild {
  const at = new Date().toISOString();
  const [buildId, templateId] = [newId("tb_"), newId("tmpl_")];
  db.transaction(() => {
    db.run(
      `INSERT INTO templates (namespace, name, visibility, created_at, updated_at)
       SELECT 'local', $name, 'private', $at, $at
       WHERE NOT EXISTS (SELECT 1 FROM templates WHERE namespace = 'local' AND name = $name AND deleted_at IS NULL)`,
      { $name: name, $at: at },
    );
    const { key } = db.get<{ key: number }>(
      "SELECT template_key AS key FROM templates WHERE namespace = 'local' AND name = ? AND deleted_at IS NULL",
      [name],
    ) as { key: number };
    db.run(
      `INSERT INTO builds (build_id, template_id, template_key, name, tags, status, build_backend, source_type,
         source_digest, definition, needs_credentials, inline_context, triggered_by, created_at, updated_at, queued_at,
         finished_at)
       VALUES ($build, $template, $key, $name, $tags, 'ready', 'native', 'declarative', 'd', $definition, 0, 0, 'test',
         $at, $at, $at, $at)`,
      {
        $build: buildId,
        $template: templateId,
        $key: key,
        $name: name,
        $tags: JSON.stringify([tag]),
        $definition: JSON.stringify(definition),
        $at: at,
      },
    );
    db.run(
      `INSERT INTO artifacts (template_id, build_id, image_id, image_ref, state, created_at)
       VALUES ($template, $build, $image, $image, 'available', $at)`,
      { $template: templateId, $build: buildId, $image: imageId, $at: at },
    );
    db.run(
      `INSERT INTO tags (template_key, tag, build_id, created_at, moved_at) VALUES ($key, $tag, $build, $at, $at)
       ON CONFLICT (template_key, tag) DO UPDATE SET build_id = $build, moved_at = $at`,
      { $key: key, $tag: tag, $build: buildId, $at: at },
    );
  });
  return { buildId, templateId };
}
