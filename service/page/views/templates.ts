import { isMarkTag } from "pulumi-nullspace/wire";
import { InvalidRequestError, TemplateNotFoundError } from "../../errors.ts";
import { aliasesOf } from "../../store/aliases.ts";
import { countBuildsOf } from "../../store/build-lists.ts";
import { buildsOf, type BuildState, type NumberedBuild } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import { tagsOf } from "../../store/tags.ts";
import { countTemplates, templatesPage, type TemplateRow } from "../../store/templates.ts";
import { canonicalRefOf, findByName, type LogicalTemplate } from "../../templates/logical-template.ts";
import { resolveTemplate, type ResolvedTemplate } from "../../templates/resolve.ts";
import { runtimeDefaultsOf } from "../../templates/template-view.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";
import { reasonOf, type TemplateName } from "./overview.ts";

const TEMPLATES = 50;
const BUILDS = 25;
/** Builds are counted up to here. */
export const MANY_BUILDS = 1_000;

/** How machines of a template are sized. */
export interface MachineSize {
  vcpus: number;
  memoryMb: number;
  diskMb?: number;
}

/** A template in the list of all. */
export interface TemplateLine extends TemplateName {
  visibility: "private" | "public";
  isBuiltin: boolean;
  aliases: string[];
  /** Without the tags by which the provider knows its builds. */
  tags: { tag: string; buildId: string }[];
  /** Of what its bare name means; absent: there is nothing to start from. */
  size?: MachineSize;
  /** Up to {@link MANY_BUILDS}, and one more when there are more. */
  builds: number;
  last?: { buildId: string; status: BuildState; at: string };
}

export interface TemplateList extends Listed<TemplateLine> {
  search: string;
  /** Of all, whatever was searched for. */
  total: number;
}

/** A page of the templates, by name. @param after `next` of the page before */
export function listTemplates(
  db: Database,
  { search = "", after }: { search?: string | undefined; after?: string | undefined },
): TemplateList {
  const rows = templatesPage(db, {
    limit: TEMPLATES + 1,
    search: search === "" ? undefined : search,
    after: after === undefined ? undefined : nameOf(after),
  });
  return {
    ...pageOf(rows, TEMPLATES, (row) => templateLine(db, row), canonicalRefOf),
    search,
    total: countTemplates(db),
  };
}

function nameOf(cursor: string): TemplateName {
  const slash = cursor.indexOf("/");
  if (slash < 1) throw new InvalidRequestError("after: this is not a place in the list. Open its first page.");
  return { namespace: cursor.slice(0, slash), name: cursor.slice(slash + 1) };
}

function templateLine(db: Database, row: TemplateRow): TemplateLine {
  const { templateKey, namespace, name, visibility, builtin } = row;
  const [last] = buildsOf(db, templateKey, { limit: 1 });
  const live = liveOf(db, row);
  return {
    namespace,
    name,
    visibility,
    isBuiltin: builtin === 1,
    aliases: aliasesOf(db, templateKey).map(canonicalRefOf),
    tags: shownTags(db, templateKey),
    ...(live !== undefined && { size: live.resources }),
    builds: countBuildsOf(db, templateKey, MANY_BUILDS + 1),
    ...(last !== undefined && {
      last: { buildId: last.buildId, status: last.status, at: last.finishedAt ?? last.createdAt },
    }),
  };
}

function shownTags(db: Database, templateKey: number) {
  return tagsOf(db, templateKey)
    .filter(({ tag }) => !isMarkTag(tag))
    .map(({ tag, buildId }) => ({ tag, buildId }));
}

/** What the bare name of a template means; `undefined`: nothing. */
function liveOf(db: Database, template: TemplateName): ResolvedTemplate | undefined {
  try {
    return resolveTemplate(db, canonicalRefOf(template));
  } catch (error) {
    if (error instanceof TemplateNotFoundError) return undefined;
    throw error;
  }
}

/** A build in the history of its template. */
export interface HistoryLine {
  buildId: string;
  status: BuildState;
  at: string;
  /** Absent: it has not run to its end. */
  durationMs?: number;
  by: string;
  /** Tags that point at it now. */
  tags: string[];
  /** First line of its error. */
  reason?: string;
}

export interface TemplateDetails extends TemplateName {
  visibility: "private" | "public";
  isBuiltin: boolean;
  aliases: string[];
  tags: { tag: string; buildId: string }[];
  live?: {
    buildId: string;
    artifactId: string;
    /** Tag that the bare name goes through; absent: it means the build that became ready last. */
    tag?: string;
    size: MachineSize;
    internet: boolean;
    envNames: string[];
    startCommand?: string;
    user?: string;
    workdir?: string;
  };
  builds: Listed<HistoryLine>;
  count: number;
  status: string;
}

/** A template with a page of its builds. @throws TemplateNotFoundError */
export function templateDetails(
  db: Database,
  { namespace, name }: TemplateName,
  { status = "", after }: { status?: string | undefined; after?: string | undefined },
): TemplateDetails {
  const template = templateOf(db, { namespace, name });
  const live = liveOf(db, template);
  const tags = shownTags(db, template.templateKey);
  const rows = buildsOf(db, template.templateKey, {
    status: status === "" ? undefined : status,
    before: after === undefined ? undefined : numberOf(after),
    limit: BUILDS + 1,
  });
  return {
    namespace: template.namespace,
    name: template.name,
    visibility: template.visibility,
    isBuiltin: template.builtin,
    aliases: aliasesOf(db, template.templateKey).map(canonicalRefOf),
    tags,
    ...(live !== undefined && { live: liveDetails(live) }),
    builds: pageOf(
      rows,
      BUILDS,
      (row) => historyLine(row, tags),
      ({ seq }) => String(seq),
    ),
    count: countBuildsOf(db, template.templateKey, MANY_BUILDS + 1),
    status,
  };
}

/** The template of a name, also of a former one. @throws TemplateNotFoundError */
export function templateOf(db: Database, { namespace, name }: TemplateName): LogicalTemplate {
  const template = findByName(db, namespace, name);
  if (template === undefined) throw new TemplateNotFoundError(`${namespace}/${name}`);
  return template;
}

function liveDetails(live: ResolvedTemplate): NonNullable<TemplateDetails["live"]> {
  const runtime = runtimeDefaultsOf(live);
  return {
    buildId: live.buildId,
    artifactId: live.templateId,
    ...(live.tag !== undefined && { tag: live.tag }),
    size: live.resources,
    internet: live.resources.internetAccess,
    envNames: runtime.default_env_keys ?? [],
    ...(runtime.start_cmd != null && { startCommand: runtime.start_cmd }),
    ...(runtime.default_user != null && { user: runtime.default_user }),
    ...(runtime.default_workdir != null && { workdir: runtime.default_workdir }),
  };
}

function historyLine(row: NumberedBuild, tags: readonly { tag: string; buildId: string }[]): HistoryLine {
  const { buildId, status, createdAt, startedAt, finishedAt, triggeredBy } = row;
  return {
    buildId,
    status,
    at: createdAt,
    by: triggeredBy,
    tags: tags.filter((each) => each.buildId === buildId).map(({ tag }) => tag),
    ...(startedAt !== null && finishedAt !== null && { durationMs: Date.parse(finishedAt) - Date.parse(startedAt) }),
    ...(status === "error" && { reason: reasonOf(row) }),
  };
}
