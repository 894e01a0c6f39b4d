import type { CreateTemplateRequest } from "pulumi-nullspace/wire";
import { ResourceNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";

/** Where a build is in its life; `ready`, `error` and `cancelled` are final. */
export type BuildState = "waiting" | "building" | "ready" | "error" | "cancelled";

/** A row of the table `builds`. JSON columns are text. */
export interface BuildRecord {
  build_id: string;
  template_id: string;
  template_key: number;
  name: string;
  tags: string;
  status: BuildState;
  build_backend: "native" | "buildkit";
  source_type: "declarative" | "dockerfile" | "oci_import" | "template_base";
  source_digest: string;
  context_digest: string | null;
  /** `null`: no context. */
  context_key: string | null;
  dockerfile_digest: string | null;
  definition: string;
  needs_credentials: number;
  inline_context: number;
  base_template_id: string | null;
  /** Name of the caller. */
  triggered_by: string;
  /** Its key. */
  key_id: string | null;
  created_at: string;
  updated_at: string;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  failure_phase: string | null;
  error: string | null;
  error_detail: string | null;
  cache_summary: string | null;
  oci_metadata: string | null;
  /** JSON of an `ArtifactRuntime`; `null` until the build is ready, and for builds of older services. */
  runtime: string | null;
  retry_of_build_id: string | null;
  original_build_id: string | null;
  cancel_requested_at: string | null;
  cancel_requested_by: string | null;
  cancellation_reason: string | null;
  /** How often the engine went away in the middle of it. */
  engine_cuts: number;
  next_offset: number;
  log_bytes: number;
}

/**
 * What a build is made from, as the store keeps it: the request without its files and without a credential, but with the
 * ids (never the values) of the secrets that it needs.
 */
export interface BuildDefinition extends Pick<
  CreateTemplateRequest,
  | "dockerfile"
  | "dockerfile_path"
  | "build_args"
  | "build_target"
  | "base_image"
  | "steps"
  | "build_envs"
  | "start_cmd"
  | "build_config"
  | "build_backend"
  | "runtime_config"
  | "skip_cache"
> {
  secret_ids?: string[];
  /** Whether the base image was given with credentials of its own. */
  base_image_auth_kind?: string;
  /** Registries that credentials were given for. */
  registries?: string[];
}

/** Has the build ended, well or not? */
export function isFinal(status: BuildState): boolean {
  return status === "ready" || status === "error" || status === "cancelled";
}

/** The record of a build. @throws ResourceNotFoundError `template_build_not_found` */
export function getBuild(db: Database, buildId: string): BuildRecord {
  const record = db.get<BuildRecord>("SELECT * FROM builds WHERE build_id = ?", [buildId]);
  if (record === undefined) {
    throw new ResourceNotFoundError("template_build_not_found", `There is no build "${buildId}".`);
  }
  return record;
}

/** What the build is made from, but for its files. */
export function definitionOf(record: BuildRecord): BuildDefinition {
  return JSON.parse(record.definition) as BuildDefinition;
}
