import grpc from "@grpc/grpc-js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { packageVersion } from "../../sdk/client/version.ts";
import { Redactor } from "../../sdk/secrets/index.ts";
import type { Controller, DiffRequest, DiffResult } from "../core/controller.ts";
import type { Properties } from "../core/properties.ts";
import type { Naming } from "../core/autoname.ts";
import type { OperationContext, ShellAbilities } from "../core/operation-context.ts";
import type { ProviderConfig } from "../core/provider-config.ts";
import { markOfUrn } from "../core/ownership/mark.ts";
import { DeclaredInputs } from "../core/ownership/declared-inputs.ts";
import type { PropertyPath } from "../core/property-path.ts";
import { secretTexts } from "../values/secret-inputs.ts";
import { shownFailures } from "../values/shown-failures.ts";
import { redacted } from "../values/redacted-log.ts";
import { encodeProperties, joinSecrets, type DecodedProperties, type SecretPaths } from "../values/wire-values.ts";
import { toDiffResponse } from "./diff-response.ts";
import { type EngineLog } from "./engine-log.ts";
import { packageSchema } from "./package-schema.ts";
import { OperationSpans, type Operation } from "../operation-spans.ts";
import { initFailed } from "../values/status-detail.ts";
import { decodeStruct, encodeStruct } from "./structs.ts";
import { StatusFailure, unaryWith, unsupported } from "./unary.ts";

/** `nullspace:index:Template` */
const TYPE_PREFIX = "nullspace:index:";
const PLUGIN_ABILITIES: ShellAbilities = {
  imports: true,
  customTimeouts: true,
  resourceToken: (type) => `${TYPE_PREFIX}${type}`,
};
/** The service and its client are loaded with the first resource, so that the plugin starts at once. */
const loadCore = () => import("./core-loader.ts");
const loadConfiguration = () => import("./configuration.ts");

export interface ResourceServiceOptions {
  /** Aborted when the engine sends Cancel or the process is told to end. */
  stop: AbortController;
  log: EngineLog;
  /** Folder of the Pulumi program. */
  cwd: string;
}

/** The handlers, and what is to be called when no call comes any more. */
export interface ResourceService {
  handlers: IResourceProviderServer;
  close(): Promise<void>;
}

/** The engine's side of the provider: one method for each call of `pulumirpc.ResourceProvider`. */
export function createResourceService({ stop, log, cwd }: ResourceServiceOptions): ResourceService {
  let config: ProviderConfig = {};
  const declared = new DeclaredInputs();
  /** Every secret that has come in: none leaves in a message. */
  const secretStore = new Redactor();
  const unary = unaryWith(secretStore, log);
  const spans = new OperationSpans((text) => secretStore.text(text));
  /** A handler of a call for a resource: a span, below the engine's own when it tells of one. */
  const traced = <Request extends ResourceRequest, Response>(
    operation: Operation,
    handle: (request: Request) => Promise<Response>,
  ) =>
    unary((request: Request, metadata) => {
      const [traceparent] = metadata.get("traceparent").map(String);
      const preview = request.getPreview?.();
      const subject = { type: resourceType(request.getUrn()), name: nameOfUrn(request.getUrn()), preview, traceparent };
      const warn = (message: string) => log.forResource("")("warning", message);
      return spans.run(operation, subject, warn, () => handle(request));
    });
  const note = (controller: Controller, ...bags: DecodedProperties[]): void => {
    for (const { values, secrets } of bags) {
      const marked = [...secrets].map((path) => JSON.parse(path) as PropertyPath);
      secretStore.add(secretTexts(controller, { values, marked }));
    }
  };

  const contextOf = (
    request: { getUrn(): string },
    secrets: SecretPaths,
    { timeoutSeconds = 0, preview = false }: { timeoutSeconds?: number; preview?: boolean } = {},
  ): OperationContext => ({
    urn: request.getUrn(),
    mark: markOfUrn(request.getUrn()),
    declared,
    shell: PLUGIN_ABILITIES,
    preview,
    ...(timeoutSeconds > 0 ? { timeoutMs: timeoutSeconds * 1000 } : {}),
    signal: stop.signal,
    log: redacted(log.forResource(request.getUrn()), secretStore),
    secretInputs: [...secrets].map((path) => JSON.parse(path) as PropertyPath),
    config,
    cwd,
  });

  const handlers: IResourceProviderServer = {
    handshake: unary(async (request) => {
      log.connect(request.getEngineAddress());
      const response = new providerProto.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptResources(false);
      response.setAcceptOutputs(false);
      response.setSupportsAutonamingConfiguration(true);
      response.setAcceptsByteString(false);
      return response;
    }),

    attach: unary(async (request) => {
      log.connect(request.getAddress());
      return new emptyProto.Empty();
    }),

    getPluginInfo: unary(async () => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(packageVersion());
      return info;
    }),

    getSchema: unary(async (request) => {
      if (request.getVersion() !== 0) throw unsupported(`schema version ${request.getVersion()}`);
      const response = new providerProto.GetSchemaResponse();
      response.setSchema(packageSchema());
      return response;
    }),

    checkConfig: unary(async (request) => {
      const { values, secrets } = decodeStruct(request.getNews());
      const response = new providerProto.CheckResponse();
      response.setInputs(encodeStruct(values, joinSecrets(["apiKey"], secrets)));
      const { checkConfig } = await loadConfiguration();
      response.setFailuresList(checkConfig(values).map(toCheckFailure));
      return response;
    }),

    diffConfig: unary(async (request) => {
      const { diffConfig } = await loadConfiguration();
      const olds = decodeStruct(request.getOldInputs() ?? request.getOlds());
      return diffConfig(olds.values, decodeStruct(request.getNews()).values);
    }),

    configure: unary(async (request) => {
      const { missingApiKey, pickConfig } = await loadConfiguration();
      config = pickConfig(decodeStruct(request.getArgs()).values);
      if (config.apiKey !== undefined) secretStore.add([config.apiKey]);
      const { findSettings } = await import("../../sdk/client/settings.ts");
      if (findSettings({ apiKey: config.apiKey }).apiKey.value === undefined) throw new StatusFailure(missingApiKey());
      const response = new providerProto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setAcceptresources(false);
      response.setAcceptoutputs(false);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),

    check: traced("check", async (request) => {
      const { controller, secretKeys } = await find(request.getUrn());
      const olds = request.hasOlds() ? decodeStruct(request.getOlds()) : undefined;
      const news = decodeStruct(request.getNews());
      note(controller, news);
      const context = { ...contextOf(request, news.secrets), naming: namingOf(request) };
      const result = await controller.check(
        { news: news.values, ...(olds === undefined ? {} : { olds: olds.values }) },
        context,
      );
      if (result.failures.length === 0) declared.note(context.mark, result.inputs);
      const response = new providerProto.CheckResponse();
      response.setInputs(encodeStruct(result.inputs, joinSecrets(secretKeys, news.secrets)));
      const { secretInputs: marked } = context;
      const shown = { news: news.values, marked, secrets: secretStore };
      response.setFailuresList(shownFailures(controller, result.failures, shown).map(toCheckFailure));
      return response;
    }),

    diff: traced("diff", async (request) => {
      const { controller } = await find(request.getUrn());
      const olds = decodeStruct(request.getOlds());
      const oldInputs = request.hasOldInputs() ? decodeStruct(request.getOldInputs()) : olds;
      const news = decodeStruct(request.getNews());
      note(controller, olds, oldInputs, news);
      const result = controller.diff({ oldInputs: oldInputs.values, oldOutputs: olds.values, newInputs: news.values });
      await sayNotices(result, olds.values, contextOf(request, news.secrets));
      return toDiffResponse(result, request.getIgnorechangesList());
    }),

    create: traced("create", async (request) => {
      const { controller, secretKeys } = await find(request.getUrn());
      const inputs = decodeStruct(request.getProperties());
      note(controller, inputs);
      const secrets = joinSecrets(secretKeys, inputs.secrets);
      const context = contextOf(request, inputs.secrets, {
        timeoutSeconds: request.getTimeout(),
        preview: request.getPreview(),
      });
      const { id, outputs } = await keepingPartial(() => controller.create(inputs.values, context), {
        inputs: inputs.values,
        secrets,
        redactor: secretStore,
      });
      const response = new providerProto.CreateResponse();
      response.setId(id);
      response.setProperties(encodeStruct(outputs, secrets));
      return response;
    }),

    read: traced("read", async (request) => {
      const { controller, secretKeys } = await find(request.getUrn());
      const inputs = decodeStruct(request.getInputs());
      const outputs = decodeStruct(request.getProperties());
      note(controller, inputs, outputs);
      const imported = Object.keys(outputs.values).length === 0;
      const result = await controller.read(
        { id: request.getId(), ...(imported ? {} : { inputs: inputs.values, outputs: outputs.values }) },
        contextOf(request, inputs.secrets, { timeoutSeconds: request.getTimeout() }),
      );
      const response = new providerProto.ReadResponse();
      if (result === undefined) return response;
      const secrets = joinSecrets(secretKeys, inputs.secrets, outputs.secrets);
      if (result.unhealthy !== undefined) {
        throw new StatusFailure(
          initFailed({
            id: result.id,
            properties: encodeProperties(result.outputs, secrets),
            inputs: encodeProperties(result.inputs, secrets),
            reasons: secretStore.value(result.unhealthy),
          }),
        );
      }
      response.setId(result.id);
      response.setInputs(encodeStruct(result.inputs, secrets));
      response.setProperties(encodeStruct(result.outputs, secrets));
      return response;
    }),

    update: traced("update", async (request) => {
      const { controller, secretKeys } = await find(request.getUrn());
      const news = decodeStruct(request.getNews());
      const olds = decodeStruct(request.getOlds());
      const oldInputs = decodeStruct(request.getOldInputs() ?? request.getOlds());
      note(controller, news, olds, oldInputs);
      const secrets = joinSecrets(secretKeys, news.secrets, olds.secrets, oldInputs.secrets);
      if (request.getPreview()) {
        const compared = { oldInputs: oldInputs.values, oldOutputs: olds.values, newInputs: news.values };
        await sayForecast(controller, compared, contextOf(request, news.secrets));
      }
      const outputs = await keepingPartial(
        () =>
          controller.update(
            { id: request.getId(), oldInputs: oldInputs.values, oldOutputs: olds.values, newInputs: news.values },
            contextOf(request, news.secrets, { timeoutSeconds: request.getTimeout(), preview: request.getPreview() }),
          ),
        { inputs: news.values, secrets, redactor: secretStore },
      );
      const response = new providerProto.UpdateResponse();
      response.setProperties(encodeStruct(outputs, joinSecrets(secretKeys, news.secrets)));
      return response;
    }),

    delete: traced("delete", async (request) => {
      const { controller } = await find(request.getUrn());
      const outputs = decodeStruct(request.getProperties());
      const inputs = request.hasOldInputs() ? decodeStruct(request.getOldInputs()) : outputs;
      note(controller, outputs, inputs);
      await controller.delete(
        { id: request.getId(), inputs: inputs.values, outputs: outputs.values },
        contextOf(request, inputs.secrets, { timeoutSeconds: request.getTimeout() }),
      );
      return new emptyProto.Empty();
    }),

    cancel: unary(async () => {
      stop.abort();
      return new emptyProto.Empty();
    }),

    invoke: unary(async (request) => {
      const { functionFor, InvalidArgumentsError, runFunction } = await loadCore();
      const token = request.getTok();
      const asked = functionFor(token.startsWith(TYPE_PREFIX) ? token.slice(TYPE_PREFIX.length) : token);
      const args = decodeStruct(request.getArgs());
      const response = new providerProto.InvokeResponse();
      try {
        response.setReturn(encodeStruct(await runFunction(asked, args.values, config, stop.signal), args.secrets));
      } catch (error) {
        if (!(error instanceof InvalidArgumentsError)) throw error;
        response.setFailuresList(secretStore.value([...error.failures]).map(toCheckFailure));
      }
      return response;
    }),
    call: unary(async (request) => Promise.reject(unsupported(`method ${request.getTok()}`))),
    construct: unary(async (request) => Promise.reject(unsupported(`component ${request.getType()}`))),
    parameterize: unary(async () => Promise.reject(unsupported("parameterization"))),
    getMapping: unary(async () => new providerProto.GetMappingResponse()),
    getMappings: unary(async () => new providerProto.GetMappingsResponse()),
    list: (call) => {
      call.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "this provider lists no resources" });
    },
  };
  return { handlers, close: () => spans.close() };
}

/** What all requests for a resource have, and some. */
interface ResourceRequest {
  getUrn(): string;
  getPreview?(): boolean;
}

/** How the engine wants the resource named if the program does not name it. */
function namingOf(request: InstanceType<typeof providerProto.CheckRequest>): Naming {
  const options = request.getAutonaming();
  const { Mode } = providerProto.CheckRequest.AutonamingOptions;
  const proposed = options?.getProposedName();
  const modes = { [Mode.PROPOSE]: "propose", [Mode.ENFORCE]: "enforce", [Mode.DISABLE]: "disable" } as const;
  return {
    resource: request.getName() || nameOfUrn(request.getUrn()),
    mode: modes[options?.getMode() ?? Mode.PROPOSE],
    seed: request.getRandomseed_asU8(),
    ...(proposed && { proposed }),
  };
}

/** What the user should know of the resource beside its changes, in every preview and update. */
async function sayNotices(result: DiffResult, oldOutputs: Properties, context: OperationContext): Promise<void> {
  const { otherServiceNotice } = await loadCore();
  const other = await otherServiceNotice(oldOutputs, context);
  if (other !== undefined) context.log("warning", other);
  for (const notice of result.notices ?? []) context.log("info", notice);
}

async function sayForecast(controller: Controller, request: DiffRequest, context: OperationContext): Promise<void> {
  const forecast = await controller.forecast?.(request, controller.diff(request).changes, context.cwd);
  if (forecast !== undefined) context.log("info", forecast);
}

async function find(urn: string): Promise<{ controller: Controller; secretKeys: string[] }> {
  const { controllerFor, secretProperties } = await loadCore();
  const controller = controllerFor(resourceType(urn));
  return { controller, secretKeys: secretProperties(controller) };
}

/** The type without the package's prefix: `Template`. */
function resourceType(urn: string): string {
  const type = typeOfUrn(urn);
  return type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : type;
}

function nameOfUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** `urn:pulumi:stack::project::parent$type::name` */
function typeOfUrn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** A partial failure becomes the status that makes the engine keep the resource. */
async function keepingPartial<Result>(
  operation: () => Promise<Result>,
  { inputs, secrets, redactor }: { inputs: Properties; secrets: SecretPaths; redactor: Redactor },
): Promise<Result> {
  const { PartialFailureError } = await loadCore();
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof PartialFailureError)) throw error;
    throw new StatusFailure(
      initFailed({
        id: error.id,
        properties: encodeProperties(error.outputs, secrets),
        inputs: encodeProperties(inputs, secrets),
        reasons: redactor.value(error.reasons),
      }),
    );
  }
}

function toCheckFailure({ property, reason }: { property: string; reason: string }) {
  const failure = new providerProto.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}
