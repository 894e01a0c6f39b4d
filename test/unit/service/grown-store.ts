import type { Database } from "../../../service/store/database.ts";

/** How much a store has seen. */
export interface Growth {
  templates: number;
  /** Of each template. The last one has the tag `latest` in every second template; the others have tags of their own. */
  buildsPerTemplate: number;
  logEntriesPerBuild: number;
  /** Of all builds of a template, the newest so many still have their artifact. Default 10. */
  artifactsPerTemplate?: number;
  /** Machines that ended; as many as there are templates run. Default 0. */
  endedMachines?: number;
}

const DEFINITION = JSON.stringify({ base_image: "busybox", steps: [{ action: "run", command: "echo hello" }] });

/** Writes what years of use leave, in a few statements. Templates are called `t1` to `tN`, their tags `v1` to `vN`. */
export function growStore(db: Database, growth: Growth): void {
  const { templates, buildsPerTemplate, logEntriesPerBuild, artifactsPerTemplate = 10, endedMachines = 0 } = growth;
  const builds = templates * buildsPerTemplate;
  db.transaction(() => {
    const at = "strftime('%Y-%m-%dT%H:%M:%fZ', '2025-01-01', '+' || n || ' seconds')";
    db.run(
      `INSERT INTO templates (template_key, namespace, name, visibility, builtin, created_at, updated_at)
       ${numbers(templates)} SELECT 1000 + n, 'local', 't' || n, 'private', 0, ${at}, ${at} FROM numbers`,
    );
    db.run(
      `INSERT INTO builds (build_id, template_id, template_key, name, tags, status, build_backend, source_type, source_digest,
         definition, needs_credentials, inline_context, triggered_by, created_at, updated_at, queued_at, started_at, finished_at,
         next_offset, log_bytes)
       ${numbers(builds)}
       SELECT printf('tb_%010d', n), printf('tmpl_%010d', n), 1001 + (n - 1) % $templates, 't' || (1 + (n - 1) % $templates),
         '["v' || n || '"]', iif(n % 10 = 0 AND n <= $builds - $templates, 'error', 'ready'), 'native', 'declarative', 'd' || n, $definition, 0, 0, 'local',
         ${at}, ${at}, ${at}, ${at}, ${at}, $entries, $entries * 200
       FROM numbers`,
      { $templates: templates, $builds: builds, $definition: DEFINITION, $entries: logEntriesPerBuild },
    );
    db.run(
      `INSERT INTO artifacts (template_id, build_id, image_id, image_ref, state, created_at, image_removed_at)
       SELECT template_id, build_id, 'sha256:' || build_id, 'nullspace-local/' || template_id,
         iif(build_id > $kept, 'available', 'purged'), finished_at, iif(build_id > $kept, NULL, finished_at)
       FROM builds WHERE status = 'ready'`,
      { $kept: `tb_${String(builds - templates * artifactsPerTemplate).padStart(10, "0")}` },
    );
    db.run(
      `INSERT INTO tags (template_key, tag, build_id, created_at, moved_at)
       SELECT template_key, json_extract(tags, '$[0]'), build_id, created_at, created_at FROM builds WHERE build_id > $last
       UNION ALL SELECT template_key, 'latest', build_id, created_at, created_at FROM builds
       WHERE build_id > $last AND template_key % 2 = 0`,
      { $last: `tb_${String(builds - templates).padStart(10, "0")}` },
    );
    db.run(
      `INSERT INTO audit_events (at, actor, action, subject, detail, template_key)
       SELECT finished_at, 'local', 'tag_moved', 'local/' || name, json_object('tag', 'latest', 'from', NULL, 'to', build_id),
         template_key
       FROM builds WHERE status = 'ready'`,
    );
    if (logEntriesPerBuild > 0) {
      db.run(
        `INSERT INTO log_entries (build_id, offset, entry)
         ${numbers(logEntriesPerBuild)}
         SELECT build_id, n - 1, json_object('build_id', build_id, 'template_id', template_id, 'offset', n - 1,
           'timestamp', created_at, 'kind', 'message', 'level', 'info', 'message', 'line ' || n || ' of some length, as builds say it')
         FROM builds, numbers`,
      );
    }
    for (const [status, count] of [
      ["destroyed", endedMachines],
      ["running", endedMachines > 0 ? templates : 0],
    ] as const) {
      db.run(
        `INSERT INTO machines (machine_id, request_digest, template, template_id, status, vcpus, memory_mb, internet_access,
           envs, metadata, timeout_ms, timeout_action, timeout_at_ms, ephemeral, auto_resume, created_at_ms, last_active_at_ms,
           ended_at_ms)
         ${numbers(count)}
         SELECT printf('mch_%s_%010d', $status, n), 'd', 't1', printf('tmpl_%010d', n), $status, 1, 64, 1, '{}', '{}', 300000,
           'destroy', 4000000000000, 0, 0, 1, 1, iif($status = 'running', NULL, 4000000000000) FROM numbers`,
        { $status: status },
      );
    }
  });
}

function numbers(count: number): string {
  return `WITH RECURSIVE numbers(n) AS (SELECT 1 WHERE ${count} > 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
}
