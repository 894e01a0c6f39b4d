import { Redactor } from "../../sdk/secrets/index.ts";
import { wantsTraces } from "../../sdk/tracing/index.ts";
import type { Naming } from "../core/autoname.ts";
import type { Controller } from "../core/controller.ts";
import type { Properties } from "../core/properties.ts";
import { controllerFor } from "../controllers.ts";
import type { OperationContext, ShellAbilities } from "../core/operation-context.ts";
import { isMark, type Mark } from "../core/ownership/mark.ts";
import { DeclaredInputs } from "../core/ownership/declared-inputs.ts";
import { requireConfig, type ProviderConfig } from "../core/provider-config.ts";
import { sameValue } from "../core/property-diff.ts";
import { otherServiceNotice } from "../core/service-identity/with-service-identity.ts";
import { hasUnknown } from "../core/unknown.ts";
import { OperationSpans, type Operation } from "../operation-spans.ts";
import { PartialFailureError, SettingError } from "../errors.ts";
import { initFailed } from "../values/status-detail.ts";
import { shownFailures } from "../values/shown-failures.ts";
import { CARRIED, PASSED } from "./carried-inputs.ts";
import { PromisedOutputs } from "./promised-outputs.ts";
import { ProgramTexts } from "./program-texts.ts";
import { openProperties, toWire, type OpenedProperties } from "./opened-properties.ts";
import { dynamicToken } from "./provider-text.ts";
import { shownError, withShownError } from "./shown-error.ts";
import { createStatusOutput } from "./status-output.ts";
import { beforeExit, untilSignal } from "./process-signals.ts";

/** Part of `pulumi.dynamic.Config`. */
interface StackConfig {
  get(key: string): string | undefined;
}

const ABILITIES: ShellAbilities = { imports: false, customTimeouts: false, resourceToken: dynamicToken };

/** Configuration of the stack in this process, which serves one update of one stack. */
let config: ProviderConfig = {};
/** What is wrong with that configuration: no operation is run with it. */
let wrongSetting: SettingError | undefined;
/** Every secret that has come in: none leaves in a message. */
const secrets = new Redactor();
/** Calls of this process as spans; they are sent before it ends. */
const spans = new OperationSpans((text) => secrets.text(text));
if (wantsTraces()) beforeExit(() => spans.close());
/** What the program gives itself, and not by a transform. */
const texts = new ProgramTexts();
/** What the program of that update asks for. */
const declared = new DeclaredInputs();
/** What its preview may count on, though Pulumi asks no dynamic provider for it. */
const promised = new PromisedOutputs();

/** The methods of a resource type as the dynamic provider's process calls them. */
export function provider(type: string) {
  const controller = controllerFor(type);
  return {
    configure: async (request: { config: StackConfig }) => configure(request.config),
    check: async (olds: Properties, news: Properties) => check(controller, olds, news),
    diff: async (id: string, olds: Properties, news: Properties) => diff(controller, id, olds, news),
    create: async (inputs: Properties) => {
      const news = open(controller, inputs);
      return keepingPartial(controller, [news], async () => {
        const { id, outputs } = await run(controller, "created", news, (context) =>
          controller.create(news.values, context),
        );
        return { id, outs: toWire(controller, outputs, news) };
      });
    },
    read: async (id: string, props: Properties) => read(controller, id, open(controller, props ?? {})),
    update: async (id: string, olds: Properties, inputs: Properties) => {
      const [news, last] = [open(controller, inputs), open(controller, olds)];
      return keepingPartial(controller, [news, last], async () => {
        const oldInputs = pickInputs(controller, last.values);
        const request = { id, oldInputs, oldOutputs: last.values, newInputs: news.values };
        const outputs = await run(controller, "updated", news, (context) => controller.update(request, context), id);
        return { outs: toWire(controller, outputs, news) };
      });
    },
    delete: async (id: string, props: Properties) => {
      const last = open(controller, props);
      const request = { id, inputs: pickInputs(controller, last.values), outputs: last.values };
      await run(controller, "deleted", last, (context) => controller.delete(request, context), id);
    },
  };
}

function open(controller: Controller, properties: Properties): OpenedProperties {
  return openProperties(secrets, controller, properties);
}

/**
 * Takes the settings of the stack. A wrong one is not thrown here: the dynamic provider's process would print the stack of
 * the error, and run the operations of the next resource without any settings.
 */
function configure(stackConfig: StackConfig): void {
  const next = readConfig(stackConfig);
  if (next === undefined) return;
  // One object for all resource types, so that they share one client and its connections.
  if (sameValue(config, next)) return;
  config = next;
  if (config.apiKey !== undefined) secrets.add([config.apiKey]);
}

function readConfig(stackConfig: StackConfig): ProviderConfig | undefined {
  try {
    return requireConfig((key) => stackConfig.get(`nullspace:${key}`));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    wrongSetting = error;
    return undefined;
  }
}

async function check(controller: Controller, olds: Properties, inputs: Properties) {
  const last = open(controller, olds);
  const news = openProperties(secrets, controller, inputs, texts.addedBehind(controller, inputs, last));
  const isNew = Object.keys(last.values).length === 0;
  const request = { news: news.values, ...(isNew ? {} : { olds: last.values }) };
  const mark = markIn(news);
  promised.notePassed(mark, inputs[PASSED]);
  // To be made, or made anew, also where only the engine has decided that: nothing is certain of its outputs.
  if (isNew) promised.notePromise(mark, undefined);
  const result = await run(controller, "checked", news, async (context) => {
    const checked = await controller.check(request, context);
    if (checked.failures.length === 0) declared.note(context.mark, checked.inputs);
    return checked;
  });
  const failures = shownFailures(controller, result.failures, { news: news.values, marked: news.marked, secrets });
  return { inputs: toWire(controller, result.inputs, news), failures };
}

/** The engine gives outputs here: they repeat the inputs of the last update. */
async function diff(controller: Controller, id: string, olds: Properties, inputs: Properties) {
  const [news, last] = [open(controller, inputs), open(controller, olds)];
  const plain = promised.settle(markIn(news), news.values);
  const oldOutputs = last.values;
  const request = { oldInputs: pickInputs(controller, oldOutputs), oldOutputs, newInputs: plain };
  const compare = async (context: OperationContext) => {
    const compared = controller.diff(request);
    const other = await otherServiceNotice(oldOutputs, context);
    if (other !== undefined) context.log("warning", other);
    for (const notice of compared.notices ?? []) context.log("info", notice);
    const forecast = await controller.forecast?.(request, compared.changes, context.cwd);
    if (forecast !== undefined && declared.isFirst(context.mark, "forecast")) context.log("info", forecast);
    return compared;
  };
  const result = await run(controller, "compared", news, compare, id);
  const replacing = result.changes.filter(({ effect }) => effect === "replace").map(({ path: [key] }) => String(key));
  const certain = replacing.length > 0 ? undefined : controller.promise({ id, ...request });
  promised.notePromise(markIn(news), certain);
  // What is unknown here is not certain, or was made from an output: all outputs of a resource that is updated are unknown.
  // Most stay what they are: a preview full of replacements that never happen would teach the user to look away.
  const replaces = new Set(replacing.filter((key) => !hasUnknown(plain[key])));
  const changes = changesOf(result.changes);
  // A resource of the plugin that the program has made a dynamic one (option `aliases`): without an update, its outputs
  // would never name the provider that is to delete it.
  const isRecorded = last.carried[CARRIED.provider] !== undefined;
  return {
    changes: changes === false && !isRecorded ? true : changes,
    replaces: [...replaces],
    deleteBeforeReplace: replaces.size > 0 && result.deleteBeforeReplace,
    stables: result.stables,
  };
}

/** Without an answer the engine compares the inputs itself, and shows the user what changed in them. */
function changesOf(changes: readonly { isOutput?: boolean }[]): boolean | undefined {
  if (changes.length === 0) return false;
  return changes.every(({ isOutput }) => isOutput) ? true : undefined;
}

async function read(controller: Controller, id: string, last: OpenedProperties) {
  const outputs = last.values;
  const managed = Object.keys(controller.outputs.shape).some((key) => outputs[key] !== undefined);
  const request = { id, ...(managed ? { inputs: pickInputs(controller, outputs), outputs } : {}) };
  const result = await run(controller, "read", last, (context) => controller.read(request, context), id);
  if (result === undefined) return { id: "", props: {} };
  const [props, inputs] = [result.outputs, result.inputs].map((properties) => toWire(controller, properties, last));
  const answered = { id: result.id, props: props!, inputs: inputs! };
  if (result.unhealthy !== undefined) throw unhealthy(controller.type, answered, secrets.value(result.unhealthy));
  return answered;
}

/**
 * The status that makes the engine keep the resource together with what is wrong with it. The dynamic provider's process
 * has no way of its own to say that of a read; what it is thrown, it passes on, and prints `error: error.stack`.
 */
function unhealthy(
  type: string,
  { id, props, inputs }: { id: string; props: Properties; inputs: Properties },
  reasons: readonly string[],
) {
  const status = initFailed({ id, properties: props, inputs, reasons });
  return shownError({ type, name: id, done: "as it should be" }, Object.assign(new Error(status.details), status));
}

/** A state of an older version has no mark; what is made from it is nobody's until its next update. */
function markIn({ carried }: Pick<OpenedProperties, "carried">): Mark {
  const mark = carried[CARRIED.mark];
  return isMark(mark) ? mark : "";
}

/** @param done what the resource is not when the operation fails */
function run<Result>(
  controller: Controller,
  done: keyof typeof OPERATIONS,
  { values, carried, marked }: OpenedProperties,
  operation: (context: OperationContext) => Promise<Result>,
  id?: string,
): Promise<Result> {
  const { type } = controller;
  const name = typeof values.name === "string" ? values.name : undefined;
  const write = (line: string) => process.stdout.write(secrets.text(line));
  const debug = isOn(process.env.NULLSPACE_DEBUG);
  const log = createStatusOutput(name === undefined ? type : `${type} ${name}`, write, { debug });
  const naming = carried[CARRIED.naming] as Naming | undefined;
  const context = {
    urn: "",
    mark: markIn({ carried }),
    declared,
    ...(naming !== undefined && { naming }),
    shell: ABILITIES,
    secretInputs: marked,
    preview: false,
    log,
    config,
    cwd: process.cwd(),
  };
  return withShownError({ type, name: id ?? name ?? "", done }, { log, secrets }, () => {
    if (wrongSetting !== undefined) throw wrongSetting;
    const subject = { type, name: name ?? id ?? "" };
    const warn = (message: string) => log("warning", message);
    const work = () => untilSignal((signal) => operation({ ...context, signal }));
    return spans.run(OPERATIONS[done], subject, warn, work);
  });
}

/** Which call of the engine it is, by what the resource is not when it fails. */
const OPERATIONS = {
  checked: "check",
  compared: "diff",
  created: "create",
  read: "read",
  updated: "update",
  deleted: "delete",
} as const satisfies Record<string, Operation>;

/** As the service's own client reads its switches. */
function isOn(text: string | undefined): boolean {
  return /^(?:1|true|yes|on)$/i.test(text?.trim() ?? "");
}

/** A partial failure in the form that makes the engine keep the resource. What is kept of the old is as secret as it was. */
async function keepingPartial<Result>(
  controller: Controller,
  bags: readonly OpenedProperties[],
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof PartialFailureError)) throw error;
    throw Object.assign(new Error(secrets.text(error.message)), {
      id: error.id,
      properties: toWire(controller, error.outputs, ...bags),
      reasons: secrets.value([...error.reasons]),
    });
  }
}

function pickInputs(controller: Controller, outputs: Properties): Properties {
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => Object.hasOwn(controller.inputs.shape, key)));
}
