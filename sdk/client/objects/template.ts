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
import { WarmPool, type WarmPoolSettings } from "./warm-pool.ts";

/** Which service, and a signal. */
export type TemplateCallOptions = ConnectionOptions & Pick<CallOptions, "signal">;

/** How to build. */
export interface BuildOptions extends RequestOptions, TemplateCallOptions {
  /** Files uploaded at once; default 8. */
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
 *   const template = Template.fromPythonImage("3.12").pipInstall("flask");
 *   const build = await Template.build(template, "web:v1", { onLogEntry: terminalProgress() });
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
    return keepClient(options, async (connection) => {
      const build = await Template.buildInBackground(builder, name, { ...options, client: connection.client });
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
    const identified = { ...options, ...resolveIdentity(name, options) };
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
    return Template.build(builder, name, options);
  },

  /** What a build would send, and what it would leave behind; makes no request. */
  async inspectBuildContext(
    builder: TemplateBuilder,
    name?: string,
    options: RequestOptions & Pick<CallOptions, "signal"> = {},
  ): Promise<ContextInspection> {
    return inspectContext(builder.definition, { ...options, ...resolveIdentity(name, options) });
  },

  /** Would the service accept this build? An invalid one is an answer (`valid: false`), not an error. */
  async validate(
    builder: TemplateBuilder,
    name?: string,
    options: RequestOptions & TemplateCallOptions = {},
  ): Promise<ValidationResponse> {
    const request = createRequest(builder.definition, { ...options, ...resolveIdentity(name, options) }, "call");
    return withClient(options, (client) => client.templates.validate(request, { signal: options.signal }));
  },

  /** What the service would build, step by step. */
  async plan(
    builder: TemplateBuilder,
    name?: string,
    options: RequestOptions & TemplateCallOptions = {},
  ): Promise<PlanResponse> {
    const request = createRequest(builder.definition, { ...options, ...resolveIdentity(name, options) }, "call");
    return withClient(options, (client) => client.templates.plan(request, { signal: options.signal }));
  },

  /** One page of a template's builds, newest first. */
  async listBuilds(ref: string, query: BuildListQuery = {}, options: TemplateCallOptions = {}): Promise<BuildList> {
    return withClient(options, (client) => client.builds.list(ref, query, { signal: options.signal }));
  },

  /** The artifact that a reference stands for now. */
  async get<Field extends TemplateField = never>(
    ref: string,
    options: TemplateCallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<TemplateInfo, Field>> {
    const { signal, fields } = options;
    return withClient(options, (client) => client.templates.get(ref, { signal, fields }));
  },

  /** Everything that the key may see. */
  async list<Field extends TemplateField = never>(
    options: TemplateCallOptions & FieldOptions<Field> = {},
  ): Promise<Answered<TemplateInfo, Field>[]> {
    const { signal, fields } = options;
    return withClient(options, (client) => client.templates.list({ signal, fields }));
  },

  /** Is there a template behind `ref`? */
  async exists(ref: string, options: TemplateCallOptions = {}): Promise<boolean> {
    return withClient(options, (client) => client.templates.exists(ref, { signal: options.signal }));
  },

  /** Deletes what `ref` names: a bare name the whole template, `name:tag` the tag, `name:tb_…` or `tmpl_…` the artifact. */
  async delete(ref: string, options: TemplateCallOptions = {}): Promise<void> {
    return withClient(options, (client) => client.templates.delete(ref, { signal: options.signal }));
  },

  /** Points tags at the artifact behind `ref`. */
  async assignTags(
    ref: string,
    tags: string | readonly string[],
    options: TemplateCallOptions = {},
  ): Promise<TemplateInfo> {
    const list = typeof tags === "string" ? [tags] : tags;
    return withClient(options, (client) => client.templates.assignTags(ref, list, { signal: options.signal }));
  },

  /** Tags of a template, and the builds that they point at. */
  async listTags(ref: string, options: TemplateCallOptions = {}): Promise<TagInfo[]> {
    return withClient(options, (client) => client.templates.listTags(ref, { signal: options.signal }));
  },

  /** Removes a tag; what it pointed at stays. */
  async removeTag(ref: string, tag: string, options: TemplateCallOptions = {}): Promise<void> {
    return withClient(options, (client) => client.templates.removeTag(ref, tag, { signal: options.signal }));
  },

  /** Former names that still resolve. */
  async listAliases(ref: string, options: TemplateCallOptions = {}): Promise<AliasInfo[]> {
    return withClient(options, (client) => client.templates.listAliases(ref, { signal: options.signal }));
  },

  /** Removes a former name, `namespace/old-name`. */
  async removeAlias(ref: string, alias: string, options: TemplateCallOptions = {}): Promise<void> {
    return withClient(options, (client) => client.templates.removeAlias(ref, alias, { signal: options.signal }));
  },

  /** Renames a template within its namespace; the old name stays as an alias. (To move a file: `builder.rename`.) */
  async rename(ref: string, newName: string, options: TemplateCallOptions = {}): Promise<TemplateInfo> {
    return withClient(options, (client) => client.templates.rename(ref, newName, { signal: options.signal }));
  },

  /** Says who may see a template. */
  async setVisibility(ref: string, visibility: Visibility, options: TemplateCallOptions = {}): Promise<TemplateInfo> {
    return withClient(options, (client) => client.templates.setVisibility(ref, visibility, { signal: options.signal }));
  },

  /** Reserves a name for a short while; a build with its token (`claimToken`) takes it. */
  async reserveName(name: string, options: TemplateCallOptions = {}): Promise<NameClaim> {
    return withClient(options, (client) => client.templates.reserveName(name, { signal: options.signal }));
  },

  /** Gives a reserved name back. */
  async releaseName(claimToken: string, options: TemplateCallOptions = {}): Promise<void> {
    return withClient(options, (client) => client.templates.releaseName(claimToken, { signal: options.signal }));
  },

  /** A namespace by its slug. */
  async getNamespace(slug: string, options: TemplateCallOptions = {}): Promise<NamespaceInfo> {
    return withClient(options, (client) => client.templates.getNamespace(slug, { signal: options.signal }));
  },

  /** Makes a pool of machines of this template. */
  async createWarmPool(
    ref: string,
    settings: Omit<WarmPoolSettings, "template">,
    options: TemplateCallOptions = {},
  ): Promise<WarmPool> {
    return WarmPool.create({ ...settings, template: ref }, options);
  },
};
