import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { isMarkTag, type TagInfo, type WarmPool } from "../../../sdk/wire/index.ts";
import type { Properties } from "../../core/properties.ts";
import { ownersOf } from "../../core/ownership/owner-tags.ts";
import { clientFor, type ProviderConfig } from "../../core/provider-config.ts";
import { orGone } from "../../core/service-errors.ts";
import { isOwnNamespace } from "../../core/service-identity/current-service.ts";
import { ownNamespace } from "../../core/service-identity/own-namespace.ts";
import { Imported } from "../../core/template/outputs.ts";
import { splitRef } from "../../core/template/settle.ts";
import { importTemplate } from "../../core/template/import-template.ts";
import { ownerOfPool } from "../../core/warm-pool/pool-owner.ts";
import { toInputs } from "../../core/warm-pool/pool-request.ts";
import { PatternError } from "../../errors.ts";
import type { Found, FoundPool, FoundTemplate } from "./found.ts";
import { isGlob, pick } from "./pick.ts";
import { readingContext } from "./reading-context.ts";
import { templateOfPool } from "./template-of-pool.ts";

/** What of a service is wanted. */
export interface FindOptions {
  /**
   * Names of templates, or patterns for them.
   *
   * @default all of the API key's own namespace
   */
  templates?: readonly string[];
  /**
   * Names or ids of pools, or patterns for them.
   *
   * @default those of the templates that are wanted, or all with all
   */
  pools?: readonly string[];
}

/**
 * Looks at a service for templates of the API key's own namespace, with their tags and aliases, and for its warm pools. What
 * the provider has noted there for itself is left out. Nothing is changed.
 *
 * @throws PatternError when a name or a pattern fits nothing
 * @throws NoApiKeyError
 */
export async function findResources(
  config: ProviderConfig,
  { templates: patterns = [], pools: poolPatterns = [] }: FindOptions,
  signal: AbortSignal,
): Promise<Found> {
  const client = clientFor(config);
  const listed = (await client.templates.list({ signal })).filter(({ builtin }) => !builtin);
  const listedRefs = [...new Set(listed.map(({ canonical_ref }) => canonical_ref))];
  const namespace = await namespaceAmong(client, listedRefs, signal);
  const refs = await templateRefs(client, { listedRefs, namespace, patterns }, signal);
  const templates: FoundTemplate[] = [];
  for (const ref of refs) {
    const found = await findTemplate(client, ref, config, signal);
    if (found !== undefined) templates.push(found);
  }
  const pools = await findPools(
    client,
    { patterns: poolPatterns, ofAll: patterns.length === 0, templates, namespace },
    signal,
  );
  return { templates, pools, ...(namespace !== undefined && { namespace }) };
}

/** The API key's own namespace. Where no template is in it yet, only a claim tells, which is given back at once. */
async function namespaceAmong(
  client: NullspaceClient,
  refs: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const namespace of new Set(refs.map((ref) => splitRef(ref).namespace))) {
    if (namespace !== "" && (await isOwnNamespace(client, namespace)) === true) return namespace;
  }
  return ownNamespace(client, signal);
}

/** `namespace/name` of the templates that are wanted. */
async function templateRefs(
  client: NullspaceClient,
  {
    listedRefs,
    namespace,
    patterns,
  }: { listedRefs: readonly string[]; namespace: string | undefined; patterns: readonly string[] },
  signal: AbortSignal,
): Promise<string[]> {
  const refs = listedRefs.filter((ref) => namespace === undefined || splitRef(ref).namespace === namespace);
  // A list tells templates with a good build alone: the others can be asked for by their names.
  const unlisted: string[] = [];
  for (const name of patterns.filter((pattern) => !isGlob(pattern))) {
    const ref = namespace === undefined || name.includes("/") ? name : `${namespace}/${name}`;
    if (!refs.includes(ref) && (await isTemplate(client, ref, signal))) unlisted.push(ref);
  }
  const all = [...refs, ...new Set(unlisted)].sort();
  return pick(all, patterns, { what: "template", namesOf: (ref) => [splitRef(ref).name, ref] });
}

/** Is it a template under the name that it has today? */
async function isTemplate(client: NullspaceClient, ref: string, signal: AbortSignal): Promise<boolean> {
  try {
    splitRef(ref);
  } catch (cause) {
    throw new PatternError(ref, "it is not the name of a template", cause);
  }
  if ((await orGone(client.templates.listTags(ref, { signal }))) === undefined) return false;
  const aliases = (await orGone(client.templates.listAliases(ref, { signal }))) ?? [];
  return aliases.every(({ alias_ref }) => alias_ref !== ref);
}

async function findTemplate(
  client: NullspaceClient,
  ref: string,
  config: ProviderConfig,
  signal: AbortSignal,
): Promise<FoundTemplate | undefined> {
  // As an import reads it, so that the program says what the import finds.
  const read = await importTemplate(client, ref, readingContext(config, signal));
  if (read === undefined) return undefined;
  const { id, inputs, outputs, owner } = read;
  const [tags, aliases] = await Promise.all([
    orGone(client.templates.listTags(id, { signal })),
    orGone(client.templates.listAliases(id, { signal })),
  ]);
  const liveBuild = typeof outputs.buildId === "string" ? outputs.buildId : undefined;
  const build = liveBuild === undefined ? undefined : await orGone(client.builds.get(liveBuild, { signal }));
  const { envKeys } = Imported.parse(outputs.imported);
  return {
    ref: id,
    inputs,
    ...(envKeys !== undefined && { envKeys }),
    ...(liveBuild !== undefined && { liveBuild }),
    ...(build !== undefined && { sourceType: build.build.source_type }),
    ...(owner !== undefined && { owner }),
    ...namesOf(
      tags ?? [],
      (aliases ?? []).map(({ alias_ref }) => alias_ref),
    ),
  };
}

function namesOf(tags: readonly TagInfo[], aliasRefs: readonly string[]): Pick<FoundTemplate, "tags" | "aliases"> {
  const ownerOf = (kind: "tag" | "alias", name: string): { owner?: string } => {
    const [first] = ownersOf(tags, kind, name);
    return first === undefined ? {} : { owner: first.mark };
  };
  return {
    tags: tags
      .filter(({ tag }) => !isMarkTag(tag))
      .map(({ tag, build_id }) => ({ tag, buildId: build_id, ...ownerOf("tag", tag) }))
      .sort((left, right) => (left.tag < right.tag ? -1 : 1)),
    aliases: aliasRefs.toSorted().map((aliasRef) => {
      const { name: alias } = splitRef(aliasRef);
      return { aliasRef, alias, ...ownerOf("alias", alias) };
    }),
  };
}

async function findPools(
  client: NullspaceClient,
  {
    patterns,
    ofAll,
    templates,
    namespace,
  }: {
    patterns: readonly string[];
    ofAll: boolean;
    templates: readonly FoundTemplate[];
    namespace: string | undefined;
  },
  signal: AbortSignal,
): Promise<FoundPool[]> {
  const live = (await client.warmPools.list({}, { signal })).filter(({ state }) => state !== "deleted");
  const isWanted = ({ template_ref }: WarmPool) =>
    ofAll || templateOfPool(template_ref, templates, namespace) !== undefined;
  const chosen =
    patterns.length > 0
      ? pick(live, patterns, { what: "warm pool", namesOf: ({ name, id }) => [name, id] })
      : live.filter(isWanted);
  return chosen.map(toFound).sort((left, right) => (left.name + left.id < right.name + right.id ? -1 : 1));
}

function toFound(pool: WarmPool): FoundPool {
  const owner = ownerOfPool(pool);
  const inputs: Properties = toInputs(pool, undefined);
  return { id: pool.id, name: pool.name, inputs, ...(owner !== undefined && { owner }) };
}
