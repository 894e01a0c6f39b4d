import type { RuntimeDefaults, TemplateInfo } from "pulumi-nullspace/wire";
import type { Database } from "../store/database.ts";
import { tagsOfBuild } from "../store/tags.ts";
import type { ArtifactRuntime } from "./artifact-runtime.ts";
import { canonicalRefOf, getByKey, type LogicalTemplate } from "./logical-template.ts";
import { defaultTagOf, resolveTemplate, type ResolvedTemplate } from "./resolve.ts";

/** What machines of an artifact begin with, without the values of variables, which are never answered. */
export function runtimeDefaultsOf(artifact: ArtifactRuntime): RuntimeDefaults {
  return {
    default_env_keys: [...new Set([...Object.keys(artifact.env), ...artifact.imageEnvKeys])].sort(),
    ...(artifact.startCmd !== undefined && { start_cmd: artifact.startCmd }),
    ...(artifact.user !== undefined && { default_user: artifact.user }),
    ...(artifact.workdir !== undefined && { default_workdir: artifact.workdir }),
    ...(artifact.readiness !== undefined && { readiness: artifact.readiness }),
  };
}

/** An artifact as the wire shows it. */
export function templateInfo(db: Database, artifact: ResolvedTemplate, template: LogicalTemplate): TemplateInfo {
  return describeArtifact(artifact, template, {
    tags: tagsOfBuild(db, artifact.buildId),
    defaultTag: defaultTagOf(db, template),
  });
}

/** {@link templateInfo} with what the store says of tags: those of the artifact's build, and which one a bare name means. */
export function describeArtifact(
  artifact: ResolvedTemplate,
  template: LogicalTemplate,
  { tags, defaultTag }: { tags: string[]; defaultTag: string | undefined },
): TemplateInfo {
  return {
    id: artifact.templateId,
    name: template.name,
    description: template.builtin ? "The base template that comes with the service" : "",
    builtin: template.builtin,
    canonical_ref: canonicalRefOf(template),
    namespace_slug: template.namespace,
    visibility: template.visibility,
    tags,
    ...(defaultTag !== undefined && { default_tag: defaultTag }),
    runtime_defaults: runtimeDefaultsOf(artifact),
  };
}

/** The artifact of a ref as the wire shows it. @throws TemplateNotFoundError */
export function describeRef(db: Database, ref: string): TemplateInfo {
  const artifact = resolveTemplate(db, ref);
  return templateInfo(db, artifact, getByKey(db, artifact.templateKey));
}
