import {
  anyText,
  callback,
  check,
  either,
  like,
  listOf,
  optional,
  options as optionsOf,
  signal as abortSignal,
  text,
  whole,
  type Members,
  type Rule,
} from "../../arguments/index.ts";
import { pickRequestOptions, RENAMED_SIZES, REQUEST_MEMBERS } from "../../template/create-request.ts";
import { DEFINITION } from "../../template/definition.ts";
import { BUILD_LIST_QUERY, CONNECTION_MEMBERS, FIELDS_MEMBER, VISIBILITY } from "../argument-rules.ts";
import * as bases from "../../template/bases.ts";
import {
  createRequest,
  inspectContext,
  resolveIdentity,
  type ContextInspection,
  type RequestOptions,
  type TemplateBuilder,
} from "../../template/index.ts";
import type { BuildList, BuildListQuery } from "../../wire/build.ts";
import type { LogEntry } from "../../wire/log-entry.ts";
import type { PlanResponse, ValidationResponse } from "../../wire/plan.ts";
import type { AliasInfo, NameClaim, NamespaceInfo, TagInfo, TemplateInfo, Visibility } from "../../wire/template.ts";
import type { CallOptions } from "../call-options.ts";
import type { Answered, FieldOptions, TemplateField } from "../fields.ts";
import type { UploadOptions } from "../upload-files.ts";
import { buildCancelled } from "./build-failure.ts";
import { keepClient, withClient, type ConnectionOptions } from "./connection.ts";
import { prepareBuild } from "./prepare-build.ts";
import { TemplateBuild } from "./template-build.ts";
import { POOL_WITHOUT_TEMPLATE, WarmPool, type WarmPoolSettings } from "./warm-pool.ts";

/** Which service, and a signal. */
export type TemplateCallOptions = ConnectionOptions & Pick<CallOptions, "signal">;

const TEMPLATE_CALL_MEMBERS = { ...CONNECTION_MEMBERS, signal: abortSignal };
const TEMPLATE_CALL = optionsOf<TemplateCallOptions>(TEMPLATE_CALL_MEMBERS);
const TEMPLATE_CALL_WITH_FIELDS = optionsOf<TemplateCallOptions & { fields: unknown }>({
  ...TEMPLATE_CALL_MEMBERS,
  ...FIELDS_MEMBER,
});
const REQUEST = optionsOf<RequestOptions & TemplateCallOptions>(
  { ...REQUEST_MEMBERS, ...TEMPLATE_CALL_MEMBERS },
  RENAMED_SIZES,
);
const INSPECT = optionsOf<RequestOptions & { signal: unknown }>(
  { ...REQUEST_MEMBERS, signal: abortSignal },
  RENAMED_SIZES,
);
const BACKGROUND_MEMBERS: Members<BuildOptions> = {
  ...REQUEST_MEMBERS,
  ...TEMPLATE_CALL_MEMBERS,
  uploadConcurrency: whole(1),
  onUploadProgress: callback,
};
const BACKGROUND = optionsOf<BuildOptions>(BACKGROUND_MEMBERS, RENAMED_SIZES);
const FOREGROUND = optionsOf<ForegroundBuildOptions>({ ...BACKGROUND_MEMBERS, onLogEntry: callback }, RENAMED_SIZES);
const BUILDER = like("a template builder, such as Template.fromImage gives", ({ definition }) =>
  DEFINITION.accepts(definition),
);
const TAGS = either(text, listOf(text, "texts"));
const CLAIM_TOKEN: Rule = { ...text, isSecret: true };

/** How to build. */
export interface BuildOptions extends RequestOptions, TemplateCallOptions {
  /**
   * Files uploaded at once.
   *
   * @default 8
   */
  uploadConcurrency?: number | undefined;
  onUploadProgress?: UploadOptions["onProgress"];
}

/** How to build and wait. */
export interface ForegroundBuildOptions extends BuildOptions {
  /** Given every log entry, in order: `buildLogger()`, `terminalProgress()`, or your own. */
  onLogEntry?: ((entry: LogEntry) => void | Promise<void>) | undefined;
}

/**
 * Templates: what they are made of (`from…` begins a builder), how they are built, and what there is.
 *
 * @example
 * ```ts
 * const template = Template.fromPythonImage("3.12").pipInstall("flask");
 * const build = await Template.build(template, "web:v1", { onLogEntry: terminalProgress() });
 * ```
 */
export const Template = {
  ...bases,

  /** Another name of `fromTemplate`. */
  fromName: bases.fromTemplate,

  /**
   * Builds and waits. A signal ends the waiting, not the build.
   *
   * @param name `web` or `web:v1`; or use `options.name` and `options.tags`
   * @throws BuildError when the build fails (`build_error`, …) or is cancelled (`build_cancelled`)
   */
  async build(builder: TemplateBuilder, name?: string, options: ForegroundBuildOptions = {}): Promise<TemplateBuild> {
    check(
      "Template.build",
      { builder: BUILDER, name: optional(anyText), options: FOREGROUND },
      { builder, name, options },
    );
    return keepClient(options, async (connection) => {
      const { onLogEntry: _mine, ...background } = options;
      const build = await Template.buildInBackground(builder, name, { ...background, client: connection.client });
      const foreground = new TemplateBuild(connection, build.info, builder.definition.steps);
      const { build: ended } = await foreground.waitUntilTerminal({
        onEntry: options.onLogEntry,
        signal: options.signal,
      });
      if (ended.status === "cancelled") throw buildCancelled(ended);
      return foreground;
    });
  },

  /** Starts a build and returns once it is accepted. */
  async buildInBackground(builder: TemplateBuilder, name?: string, options: BuildOptions = {}): Promise<TemplateBuild> {
    check(
      "Template.buildInBackground",
      { builder: BUILDER, name: optional(anyText), options: BACKGROUND },
      { builder, name, options },
    );
    const identified = identify(name, options);
    const { signal, uploadConcurrency: concurrency, onUploadProgress: onProgress } = options;
    return keepClient(options, async (connection) => {
      const { client } = connection;
      const request = await prepareBuild(client, builder.definition, identified, { signal, concurrency, onProgress });
      const info = await client.builds.start(request, { signal });
      return new TemplateBuild(connection, info, builder.definition.steps);
    });
  },

  /** Another name of `build`. */
  async publish(builder: TemplateBuilder, name?: string, options: ForegroundBuildOptions = {}): Promise<TemplateBuild> {
    check(
      "Template.publish",
      { builder: BUILDER, name: optional(anyText), options: FOREGROUND },
      { builder, name, options },
    );
    return Template.build(builder, name, options);
  },

  /** What a build would send, and what it would leave behind; makes no request. */
  async inspectBuildContext(
    builder: TemplateBuilder,
    name?: string,
    options: RequestOptions & Pick<CallOptions, "signal"> = {},
  ): Promise<ContextInspection> {
    check(
      "Template.inspectBuildContext",
      { builder: BUILDER, name: optional(anyText), options: INSPECT },
      { builder, name, options },
    );
    return inspectContext(builder.definition, { ...identify(name, options), signal: options.signal });
  },

  /** Would the service accept this build? An invalid one is an answer (`valid: false`), not an error. */
  async validate(
    builder: TemplateBuilder,
    name?: string,
    options: RequestOptions & TemplateCallOptions = {},
  ): Promise<ValidationResponse> {
    check(
      "Template.validate",
      { builder: BUILDER, name: optional(anyText), options: REQUEST },
      { builder, name, options },
    );
    const request = createRequest(builder.definition, identify(name, options), "call");
    return withClient(options, (client) => client.templates.validate(request, { signal: options.signal }));
  },

  /** What the service would build, step by step. */
  async plan(
    builder: TemplateBuilder,
    name?: string,
    options: RequestOptions & TemplateCallOptions = {},
  ): Promise<PlanResponse> {
    check("Template.plan", { builder: BUILDER, name: optional(anyText), options: REQUEST }, { builder, name, options });
    const request = createRequest(builder.definition, identify(name, options), "call");
    return withClient(options, (client) => client.templates.plan(request, { signal: options.signal }));
  },

  /** One page of a template's builds, newest first. */
  async listBuilds(ref: string, query: BuildListQuery = {}, options: TemplateCallOptions = {}): Promise<BuildList> {
    check(
      "Template.listBuilds",
      { ref: text, query: BUILD_LIST_QUERY, options: TEMPLATE_CALL },
      { ref, query, options },
    );
    return withClient(options, (client) => client.builds.list(ref, query, { signal: options.signal }));
  },

  /** The artifact that a reference stands for now. */
  async get<Field extends TemplateField = never>(
    ref: string,
    options: TemplateCallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<TemplateInfo, Field>> {
    check("Template.get", { ref: text, options: TEMPLATE_CALL_WITH_FIELDS }, { ref, options });
    const { signal, fields } = options;
    return withClient(options, (client) => client.templates.get(ref, { signal, fields }));
  },

  /** Everything that the key may see. */
  async list<Field extends TemplateField = never>(
    options: TemplateCallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<TemplateInfo, Field>[]> {
    check("Template.list", { options: TEMPLATE_CALL_WITH_FIELDS }, { options });
    const { signal, fields } = options;
    return withClient(options, (client) => client.templates.list({ signal, fields }));
  },

  /** Is there a template behind `ref`? */
  async exists(ref: string, options: TemplateCallOptions = {}): Promise<boolean> {
    check("Template.exists", { ref: text, options: TEMPLATE_CALL }, { ref, options });
    return withClient(options, (client) => client.templates.exists(ref, { signal: options.signal }));
  },

  /** Deletes what `ref` names: a bare name the whole template, `name:tag` the tag, `name:tb_…` or `tmpl_…` the artifact. */
  async delete(ref: string, options: TemplateCallOptions = {}): Promise<void> {
    check("Template.delete", { ref: text, options: TEMPLATE_CALL }, { ref, options });
    return withClient(options, (client) => client.templates.delete(ref, { signal: options.signal }));
  },

  /** Points tags at the artifact behind `ref`. */
  async assignTags(
    ref: string,
    tags: string | readonly string[],
    options: TemplateCallOptions = {},
  ): Promise<TemplateInfo> {
    check("Template.assignTags", { ref: text, tags: TAGS, options: TEMPLATE_CALL }, { ref, tags, options });
    const list = typeof tags === "string" ? [tags] : tags;
    return withClient(options, (client) => client.templates.assignTags(ref, list, { signal: options.signal }));
  },

  /** Tags of a template, and the builds that they point at. */
  async listTags(ref: string, options: TemplateCallOptions = {}): Promise<TagInfo[]> {
    check("Template.listTags", { ref: text, options: TEMPLATE_CALL }, { ref, options });
    return withClient(options, (client) => client.templates.listTags(ref, { signal: options.signal }));
  },

  /** Removes a tag; what it pointed at stays. */
  async removeTag(ref: string, tag: string, options: TemplateCallOptions = {}): Promise<void> {
    check("Template.removeTag", { ref: text, tag: text, options: TEMPLATE_CALL }, { ref, tag, options });
    return withClient(options, (client) => client.templates.removeTag(ref, tag, { signal: options.signal }));
  },

  /** Former names that still resolve. */
  async listAliases(ref: string, options: TemplateCallOptions = {}): Promise<AliasInfo[]> {
    check("Template.listAliases", { ref: text, options: TEMPLATE_CALL }, { ref, options });
    return withClient(options, (client) => client.templates.listAliases(ref, { signal: options.signal }));
  },

  /** Removes a former name, `namespace/old-name`. */
  async removeAlias(ref: string, alias: string, options: TemplateCallOptions = {}): Promise<void> {
    check("Template.removeAlias", { ref: text, alias: text, options: TEMPLATE_CALL }, { ref, alias, options });
    return withClient(options, (client) => client.templates.removeAlias(ref, alias, { signal: options.signal }));
  },

  /** Renames a template within its namespace; the old name stays as an alias. (To move a file: `builder.rename`.) */
  async rename(ref: string, newName: string, options: TemplateCallOptions = {}): Promise<TemplateInfo> {
    check("Template.rename", { ref: text, newName: text, options: TEMPLATE_CALL }, { ref, newName, options });
    return withClient(options, (client) => client.templates.rename(ref, newName, { signal: options.signal }));
  },

  /** Says who may see a template. */
  async setVisibility(ref: string, visibility: Visibility, options: TemplateCallOptions = {}): Promise<TemplateInfo> {
    check(
      "Template.setVisibility",
      { ref: text, visibility: VISIBILITY, options: TEMPLATE_CALL },
      { ref, visibility, options },
    );
    return withClient(options, (client) => client.templates.setVisibility(ref, visibility, { signal: options.signal }));
  },

  /** Reserves a name for a short while; a build with its token (`claimToken`) takes it. */
  async reserveName(name: string, options: TemplateCallOptions = {}): Promise<NameClaim> {
    check("Template.reserveName", { name: text, options: TEMPLATE_CALL }, { name, options });
    return withClient(options, (client) => client.templates.reserveName(name, { signal: options.signal }));
  },

  /** Gives a reserved name back. */
  async releaseName(claimToken: string, options: TemplateCallOptions = {}): Promise<void> {
    check("Template.releaseName", { claimToken: CLAIM_TOKEN, options: TEMPLATE_CALL }, { claimToken, options });
    return withClient(options, (client) => client.templates.releaseName(claimToken, { signal: options.signal }));
  },

  /** A namespace by its slug. */
  async getNamespace(slug: string, options: TemplateCallOptions = {}): Promise<NamespaceInfo> {
    check("Template.getNamespace", { slug: text, options: TEMPLATE_CALL }, { slug, options });
    return withClient(options, (client) => client.templates.getNamespace(slug, { signal: options.signal }));
  },

  /** Makes a pool of machines of this template. */
  async createWarmPool(
    ref: string,
    settings: Omit<WarmPoolSettings, "template">,
    options: TemplateCallOptions = {},
  ): Promise<WarmPool> {
    check(
      "Template.createWarmPool",
      { ref: text, settings: POOL_WITHOUT_TEMPLATE, options: TEMPLATE_CALL },
      { ref, settings, options },
    );
    return WarmPool.create({ ...settings, template: ref }, options);
  },
};

/** What a request is made of, under the name that the call gives it. */
function identify(name: string | undefined, options: RequestOptions): RequestOptions {
  const { name: long, tags, ...rest } = pickRequestOptions(options);
  return { ...rest, ...resolveIdentity(name, { name: long, tags }) };
}
