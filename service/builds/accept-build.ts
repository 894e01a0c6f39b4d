import { currentSpan } from "pulumi-nullspace/tracing";
import type { BlobStore } from "../blobs/blob-store.ts";
import { currentCaller } from "../caller.ts";
import { now } from "../clock.ts";
import { newId } from "../ids.ts";
import { insertBuild } from "../store/builds.ts";
import { touchArtifact } from "../store/artifacts.ts";
import { storeContext } from "../store/contexts.ts";
import type { Database } from "../store/database.ts";
import { insertTemplate } from "../store/templates.ts";
import { consumeClaim } from "../templates/claims.ts";
import { canonicalRefOf, findByName, type LogicalTemplate } from "../templates/logical-template.ts";
import type { BuildLog } from "./build-log.ts";
import type { CheckedRequest } from "./check-request.ts";
import { storableContext } from "./stored-context.ts";

/** What accepting a build needs. */
export interface BuildAcceptor {
  db: Database;
  blobs: BlobStore;
  buildLog: BuildLog;
}

/** Lineage of a retry. */
export interface RetryLineage {
  retryOfBuildId: string;
  originalBuildId: string;
}

/**
 * Records a checked request as a build that waits: from here on it has an id, a log, and a place in its template's
 * history. The template is made if the name is free; a claim on the name is used up.
 *
 * @returns the build's id
 */
export async function acceptBuild(
  { db, blobs, buildLog }: BuildAcceptor,
  request: CheckedRequest,
  lineage?: RetryLineage,
): Promise<string> {
  await storeInlineFiles(blobs, request);
  const context = request.context.length > 0 ? storableContext(request.context) : undefined;
  const buildId = newId("tb_");
  const templateId = newId("tmpl_");
  const at = now();
  const caller = currentCaller();
  db.grow(() => {
    const template = takeName(db, request, at);
    insertBuild(db, {
      buildId,
      templateId,
      templateKey: template.templateKey,
      name: template.name,
      tags: JSON.stringify(request.tags),
      status: "waiting",
      buildBackend: request.backend,
      sourceType: request.sourceType,
      sourceDigest: request.sourceDigest,
      contextDigest: request.contextDigest ?? null,
      dockerfileDigest: request.dockerfileDigest ?? null,
      definition: JSON.stringify(request.definition),
      needsCredentials: request.credentials.isEmpty ? 0 : 1,
      inlineContext: request.hasInlineContext ? 1 : 0,
      baseTemplateId: request.base.kind === "template" ? request.base.template.templateId : null,
      triggeredBy: caller.name,
      keyId: caller.keyId,
      createdAt: at,
      traceparent: currentSpan().traceparent || null,
      retryOfBuildId: lineage?.retryOfBuildId ?? null,
      originalBuildId: lineage?.originalBuildId ?? null,
    });
    if (request.base.kind === "template") touchArtifact(db, request.base.template.templateId, at);
    if (context !== undefined) storeContext(db, buildId, context);
    buildLog.append(buildId, {
      kind: "start",
      level: "info",
      phase: "preparing",
      message: `Build of ${canonicalRefOf(template)} (${request.tags.join(", ")}) accepted`,
    });
    for (const message of request.warnings)
      buildLog.append(buildId, { kind: "warning", level: "warn", phase: "preparing", message });
  });
  return buildId;
}

/** The template of the request's name (also by an alias of it), made if there is none. */
function takeName(db: Database, { namespace, name, claimToken }: CheckedRequest, at: string): LogicalTemplate {
  const existing = findByName(db, namespace, name);
  if (existing !== undefined) return existing;
  consumeClaim(db, namespace, name, claimToken);
  insertTemplate(db, { namespace, name, visibility: "private", builtin: 0 }, at);
  return findByName(db, namespace, name) as LogicalTemplate;
}

/** Every body becomes a blob, also one that came inside the request. */
async function storeInlineFiles(blobs: BlobStore, { context }: CheckedRequest): Promise<void> {
  await blobs.putInline(context.flatMap(({ path, inline }) => (inline === undefined ? [] : [{ path, bytes: inline }])));
}
