import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { TagInfo, TemplateBuild } from "../../../sdk/wire/index.ts";
import { withDefaults } from "../check-inputs.ts";
import type { Properties, ReadRequest, ReadResult } from "../controller.ts";
import { orGone } from "../service-errors.ts";
import { IMPORTED_HASH } from "./diff.ts";
import { TemplateInputs } from "./inputs.ts";
import type { BuildAttempt } from "./outputs.ts";
import { fromWireReadiness } from "./readiness-input.ts";
import { splitRef } from "./settle.ts";

/** Takes the place of a context hash whose build is gone: it equals no hash, so the next update builds again. */
const GONE_HASH = "gone";

/** Reads what the service has. It never looks at the local disk. */
export async function readTemplate(
  client: NullspaceClient,
  { id, inputs, outputs }: ReadRequest,
  signal: AbortSignal,
): Promise<ReadResult | undefined> {
  const ref = typeof outputs?.canonicalRef === "string" ? outputs.canonicalRef : id;
  const tags = await orGone(client.templates.listTags(ref, { signal }));
  if (tags === undefined) return readUnfinished(client, { id, inputs, outputs }, signal);

  const wanted =
    typeof outputs?.buildId === "string" ? outputs.buildId : await findLiveBuild(client, ref, tags, signal);
  const build = wanted === undefined ? undefined : (await orGone(client.builds.get(wanted, { signal })))?.build;
  const info = await orGone(client.templates.get(build === undefined ? ref : `${ref}:${build.build_id}`, { signal }));
  const canonicalRef = info?.canonical_ref || build?.canonical_ref || ref;
  const { namespace, name } = splitRef(canonicalRef);
  const pointing = tags.filter(({ build_id }) => build_id === build?.build_id).map(({ tag }) => tag);
  const visibility = info?.visibility ?? inputs?.visibility ?? "private";

  const readInputs: Properties =
    inputs === undefined || Object.keys(inputs).length === 0
      ? importedInputs(name, visibility, pointing, build)
      : {
          ...inputs,
          name,
          visibility,
          // Tags that point here and that the resource does not name are someone else's.
          tags: ((inputs.tags as string[] | undefined) ?? []).filter((tag) => pointing.includes(tag)),
          ...(wanted !== undefined && build === undefined ? { contextHash: GONE_HASH } : {}),
        };
  return {
    id,
    inputs: readInputs,
    outputs: {
      ...readInputs,
      canonicalRef,
      namespace,
      ...(build === undefined ? {} : liveOutputs(build)),
      ...(outputs?.attempt === undefined ? {} : { attempt: outputs.attempt, status: outputs.status }),
    },
  };
}

/** What a good build adds to the outputs. */
export function liveOutputs(build: TemplateBuild): Properties {
  return {
    buildId: build.build_id,
    templateId: build.template_id,
    status: build.status,
    ...(build.source_digest == null ? {} : { sourceDigest: build.source_digest }),
    ...(build.context_digest == null ? {} : { contextDigest: build.context_digest }),
  };
}

/** A template whose first build is not (yet) good is known to the service by that build alone. */
async function readUnfinished(
  client: NullspaceClient,
  { id, inputs, outputs }: ReadRequest,
  signal: AbortSignal,
): Promise<ReadResult | undefined> {
  const attempt = outputs?.attempt as BuildAttempt | undefined;
  if (attempt === undefined || inputs === undefined || outputs === undefined) return undefined;
  const build = await orGone(client.builds.get(attempt.buildId, { signal }));
  return build === undefined ? undefined : { id, inputs, outputs };
}

async function findLiveBuild(
  client: NullspaceClient,
  ref: string,
  tags: readonly TagInfo[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const tagged = tags.find(({ tag }) => tag === "default");
  if (tagged !== undefined) return tagged.build_id;
  return (await client.builds.list(ref, { status: "ready", limit: 1 }, { signal })).builds[0]?.build_id;
}

function importedInputs(
  name: string,
  visibility: unknown,
  tags: string[],
  build: TemplateBuild | undefined,
): Properties {
  const config = build?.build_config ?? {};
  const runtime = build?.runtime_defaults ?? {};
  const readiness = runtime.readiness == null ? undefined : fromWireReadiness(runtime.readiness);
  return withDefaults(TemplateInputs, {
    name,
    visibility,
    ...(tags.length === 0 ? {} : { tags }),
    contextHash: `${IMPORTED_HASH}${build?.context_digest ?? build?.source_digest ?? build?.build_id ?? "unknown"}`,
    ...pick(config, { vcpus: "vcpus", memory_mib: "memoryMib", disk_mb: "diskMb", internet_access: "internetAccess" }),
    ...pick(runtime, { start_cmd: "startCmd", default_user: "user", default_workdir: "workdir" }),
    ...(readiness === undefined ? {} : { readiness }),
  });
}

function pick(from: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>): Properties {
  return Object.fromEntries(
    Object.entries(names)
      .filter(([wire]) => from[wire] !== undefined && from[wire] !== null)
      .map(([wire, input]) => [input, from[wire]]),
  );
}
