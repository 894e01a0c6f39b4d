import type { NullspaceClient } from "../../../sdk/client/index.ts";
import {
  BUILD_CONFIG_NAMES,
  fromWire,
  parseTemplateRef,
  TemplateRefError,
  type MemberNames,
  type TagInfo,
  type TemplateBuild,
} from "../../../sdk/wire/index.ts";
import { InvalidIdError } from "../../errors.ts";
import { withDefaults } from "../check-inputs.ts";
import type { ReadResult } from "../controller.ts";
import type { Properties } from "../properties.ts";
import type { OperationContext } from "../operation-context.ts";
import { orGone } from "../service-errors.ts";
import { RUNTIME_NAMES } from "./build-request.ts";
import { IMPORTED_HASH } from "./diff.ts";
import { TemplateInputs } from "./inputs.ts";
import type { Imported } from "./outputs.ts";
import { fromWireReadiness } from "./readiness-input.ts";
import { liveOutputs } from "./live-outputs.ts";
import { splitRef } from "./settle.ts";
import { adopterOf } from "./still-owned.ts";

/** Of what machines begin with, what a build's answer tells: of variables, only the names. */
const { env: _untold, ...TOLD } = RUNTIME_NAMES;
const RUNTIME = { startCmd: "start_cmd", ...TOLD } as const;

/**
 * A template as the service knows it, by its ID alone. It claims no tags: which of them are the Template's and which are
 * other resources', the service does not tell.
 *
 * @throws InvalidIdError when the ID is not `name` or `namespace/name`
 */
export async function importTemplate(
  client: NullspaceClient,
  id: string,
  context: OperationContext,
): Promise<ReadResult | undefined> {
  const { signal, log } = context;
  requireNameRef(id);
  const tags = await orGone(client.templates.listTags(id, { signal }));
  if (tags === undefined) return undefined;
  const live = await findLiveBuild(client, id, tags, signal);
  const build = live === undefined ? undefined : (await orGone(client.builds.get(live, { signal })))?.build;
  const info = await orGone(client.templates.get(build === undefined ? id : `${id}:${build.build_id}`, { signal }));
  const canonicalRef = info?.canonical_ref || build?.canonical_ref || id;
  const { namespace, name } = splitRef(canonicalRef);
  const { tags: _tags, ...inputs } = inputsOf(name, info?.visibility ?? "private", build);
  const imported = knownOf(build);
  log("info", build === undefined ? withoutBuild(canonicalRef) : takenAsItIs(canonicalRef, imported));
  const owner = adopterOf(tags, context);
  return {
    id: canonicalRef,
    ...(owner !== undefined && { owner }),
    inputs,
    outputs: { ...inputs, canonicalRef, namespace, imported, ...(build === undefined ? {} : liveOutputs(build)) },
  };
}

function requireNameRef(id: string): void {
  try {
    const ref = parseTemplateRef(id);
    if (ref.kind === "name" && ref.tag === undefined && ref.buildId === undefined) return;
  } catch (error) {
    if (!(error instanceof TemplateRefError)) throw error;
  }
  throw new InvalidIdError("Template", id, "name or namespace/name, without a tag or a build");
}

async function findLiveBuild(
  client: NullspaceClient,
  ref: string,
  tags: readonly TagInfo[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const tagged = tags.find(({ tag }) => tag === "default") ?? tags.find(({ tag }) => tag === "latest");
  if (tagged !== undefined) return tagged.build_id;
  return (await client.builds.list(ref, { status: "ready", limit: 1 }, { signal })).builds[0]?.build_id;
}

function inputsOf(name: string, visibility: unknown, build: TemplateBuild | undefined): Properties {
  const runtime = build?.runtime_defaults ?? {};
  // A health check of the image became it: the program gives none.
  const isMapped = build?.oci_metadata?.healthcheck?.mapped_readiness != null;
  const readiness = runtime.readiness == null || isMapped ? undefined : fromWireReadiness(runtime.readiness);
  return withDefaults(TemplateInputs, {
    name,
    visibility,
    contextHash: `${IMPORTED_HASH}${build?.context_digest ?? build?.source_digest ?? build?.build_id ?? "unknown"}`,
    ...told(BUILD_CONFIG_NAMES, build?.build_config ?? {}),
    ...(isOfImage(build) ? {} : told(RUNTIME, runtime)),
    ...(readiness === undefined ? {} : { readiness }),
  });
}

/** What the service tells of the live build, so that it can be compared with what a program says. */
function knownOf(build: TemplateBuild | undefined): Imported {
  const runtime = build?.runtime_defaults;
  const config = Object.keys(told(BUILD_CONFIG_NAMES, build?.build_config ?? {}));
  const ofRuntime = [...(isOfImage(build) ? [] : Object.keys(RUNTIME)), "readiness"];
  const mayInherit = isOfImage(build) || build?.source_type === "template_base";
  return {
    inputs: [...config, ...(runtime == null ? [] : ofRuntime)],
    ...(runtime != null && !mayInherit && { envKeys: runtime.default_env_keys ?? [] }),
  };
}

/** What is told of an imported image's machines may be the image's own, and nobody's input. */
function isOfImage(build: TemplateBuild | undefined): boolean {
  return build?.source_type === "oci_import";
}

function withoutBuild(ref: string): string {
  return `no build of ${ref} has succeeded: the next update that is given what to build it from builds it`;
}

function takenAsItIs(ref: string, { envKeys }: Imported): string {
  const unknown = [
    "the files that it was built from",
    "build arguments",
    "the target stage",
    envKeys === undefined
      ? "environment variables"
      : `the values of environment variables${envKeys.length > 0 ? ` (${envKeys.join(", ")})` : ""}`,
  ];
  return (
    `imported as it is: for ${ref}, the service does not report ${unknown.slice(0, -1).join(", ")} and ${unknown.at(-1)}. ` +
    "The next update takes those of the program for them, and builds nothing because of them. " +
    "Its tags are left to whoever made them, until the program names some"
  );
}

/** The members that are told, under the names of the inputs. */
function told(names: MemberNames, members: object): Properties {
  const known = Object.entries(members).filter(([, value]) => value !== null);
  return fromWire(names, Object.fromEntries(known));
}
