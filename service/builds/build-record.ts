import type { CreateTemplateRequest } from "pulumi-nullspace/wire";
import { ResourceNotFoundError } from "../errors.ts";
import { findBuild, type BuildRow, type BuildState } from "../store/builds.ts";
import type { Database } from "../store/database.ts";

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
export function getBuild(db: Database, buildId: string): BuildRow {
  const record = findBuild(db, buildId);
  if (record === undefined) {
    throw new ResourceNotFoundError("template_build_not_found", `There is no build "${buildId}".`);
  }
  return record;
}

/** What the build is made from, but for its files. */
export function definitionOf(record: BuildRow): BuildDefinition {
  return JSON.parse(record.definition) as BuildDefinition;
}
