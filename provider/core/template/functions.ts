import * as z from "zod";
import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { BuildId, parseTemplateRef, type TemplateBuild, type TemplateInfo } from "../../../sdk/wire/index.ts";
import type { ProviderFunction } from "../provider-function.ts";
import { orGone } from "../service-errors.ts";
import { readBuildTag, readTagNote, isAliasOwner } from "../ownership/owner-tags.ts";
import { settledRefOf } from "./canonical-ref.ts";
import { TemplateAnyRef } from "../template-name-ref.ts";

const summary = {
  canonicalRef: z.string().describe("`namespace/name`."),
  namespace: z.string().describe("Its namespace; empty if the service reports none."),
  name: z.string().describe("Its name."),
  visibility: z.string().describe("`private` or `public`."),
  builtin: z.boolean().describe("Whether it comes with the service."),
};

const TemplateSummary = z
  .object({ ...summary, tags: z.array(z.string()).describe("Its tags.") })
  .describe("A template in a list.")
  .meta({ id: "pulumi.TemplateSummary" });

export const getTemplate: ProviderFunction = {
  name: "getTemplate",
  description:
    "An existing template, whoever created it: the build that a reference resolves to, its tags and its aliases.",
  example: {
    typescript: 'const base = await getTemplate({ template: "acme/base:stable" });',
    outputs: "export const aliases = getTemplateOutput({ template: web.canonicalRef }).aliases;",
  },
  inputs: z.object({
    template: TemplateAnyRef.describe(
      "`name` or `namespace/name`, optionally with a tag or a build after a colon, or `tmpl_…`.",
    ),
  }),
  outputs: z.object({
    ...summary,
    templateId: z.string().describe("What the reference resolves to, `tmpl_…`."),
    buildId: z.string().optional().describe("The build that made it, `tb_…`; absent for a builtin."),
    tags: z.record(z.string(), z.string()).describe("Its tags, and the build that each points at."),
    aliases: z.array(z.string()).describe("Its other names, `namespace/alias`."),
  }),
  async call(client, { template }, signal) {
    const info = await settledInfo(client, template as string, signal);
    const { canonical_ref, id, builtin } = info;
    // A builtin has neither tags of its own nor aliases to list.
    const tags = builtin ? [] : ((await orGone(client.templates.listTags(canonical_ref, { signal }))) ?? []);
    const aliases = builtin ? [] : ((await orGone(client.templates.listAliases(canonical_ref, { signal }))) ?? []);
    const buildId = builtin ? undefined : await buildOf(client, canonical_ref, id, signal);
    return {
      ...summaryOf(info),
      templateId: id,
      ...(buildId !== undefined && { buildId }),
      tags: Object.fromEntries(tags.filter(({ tag }) => !isNote(tag)).map(({ tag, build_id }) => [tag, build_id])),
      aliases: aliases.map(({ alias_ref }) => alias_ref).sort(),
    };
  },
};

export const getTemplates: ProviderFunction = {
  name: "getTemplates",
  description: "The templates that the API key can see, each listed once.",
  example: {
    typescript: 'const { templates } = await getTemplates({ namespace: "acme" });',
    outputs: "export const released = getTemplatesOutput({ tag: stable.tag }).templates;",
  },
  inputs: z.object({
    namespace: z.string().optional().describe("Only those of this namespace. Default: all."),
    tag: z.string().optional().describe("Only those that have this tag. Default: all."),
  }),
  outputs: z.object({ templates: z.array(TemplateSummary).describe("In the order of `canonicalRef`.") }),
  async call(client, { namespace, tag }, signal) {
    const found = new Map<string, ReturnType<typeof summaryOf> & { tags: string[] }>();
    for (const info of await client.templates.list({ signal })) {
      const entry = found.get(info.canonical_ref) ?? { ...summaryOf(info), tags: [] };
      const tags = [...entry.tags, ...(info.tags ?? []).filter((one) => !isNote(one))];
      found.set(info.canonical_ref, { ...entry, tags: [...new Set(tags)].sort() });
    }
    const templates = [...found.values()]
      .filter((entry) => namespace === undefined || entry.namespace === namespace)
      .filter((entry) => tag === undefined || entry.tags.includes(tag as string))
      .sort((left, right) => (left.canonicalRef < right.canonicalRef ? -1 : 1));
    return { templates };
  },
};

export const getBuild: ProviderFunction = {
  name: "getBuild",
  description: "A build of a template: how it ended, and what it produced.",
  example: {
    typescript: 'const { status, promotable } = await getBuild({ buildId: "tb_0123456789ab" });',
    outputs: 'const build = getBuildOutput({ buildId: stack.requireOutput("buildId") });',
  },
  inputs: z.object({ buildId: BuildId.describe("The build, `tb_…`.") }),
  outputs: z.object({
    canonicalRef: z.string().describe("`namespace/name` of its template."),
    templateId: z.string().describe("What it produced, `tmpl_…`."),
    status: z.string().describe("`waiting`, `building`, `ready`, `error` or `cancelled`."),
    promotable: z.boolean().describe("Whether a tag can be moved to it."),
    createdAt: z.string().describe("When it was requested, RFC 3339."),
    finishedAt: z.string().optional().describe("When it ended, RFC 3339."),
    error: z.string().optional().describe("Why it failed."),
    sourceType: z.string().describe("`dockerfile`, `declarative`, `template_base` or `oci_import`."),
  }),
  async call(client, { buildId }, signal) {
    const { build } = await client.builds.get(buildId as string, { signal });
    return {
      canonicalRef: build.canonical_ref || build.name,
      templateId: build.template_id,
      status: build.status,
      promotable: build.promotability?.promotable ?? build.status === "ready",
      createdAt: build.created_at,
      ...(build.finished_at != null && { finishedAt: build.finished_at }),
      ...(build.error != null && { error: build.error }),
      sourceType: build.source_type,
    };
  },
};

/** The template by its own name, also while an alias of it is being made. */
async function settledInfo(client: NullspaceClient, template: string, signal: AbortSignal): Promise<TemplateInfo> {
  const info = await client.templates.get(template, { signal });
  const asked = parseTemplateRef(template);
  if (info.builtin || asked.kind === "artifact") return info;
  const { namespace, name } = asked;
  const bare = namespace === undefined ? name : `${namespace}/${name}`;
  return { ...info, canonical_ref: await settledRefOf(client, bare, signal, info.canonical_ref) };
}

function summaryOf({ canonical_ref, namespace_slug, name, visibility, builtin }: TemplateInfo) {
  const [namespace = "", own = name] = canonical_ref.includes("/") ? canonical_ref.split("/") : [namespace_slug, name];
  return { canonicalRef: canonical_ref, namespace, name: own, visibility, builtin };
}

/** Tags by which the provider notes who owns what: not shown. */
function isNote(tag: string): boolean {
  return readBuildTag(tag) !== undefined || readTagNote(tag) !== undefined || isAliasOwner(tag);
}

/** The build that made an artifact. */
async function buildOf(
  client: NullspaceClient,
  ref: string,
  templateId: string,
  signal: AbortSignal,
): Promise<TemplateBuild["build_id"] | undefined> {
  const list = await orGone(client.builds.list(ref, { status: "ready", limit: 100 }, { signal }));
  return list?.builds.find((build) => build.template_id === templateId)?.build_id;
}
