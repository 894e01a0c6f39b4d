import type { Controller, Properties } from "../core/controller.ts";
import { controllerFor } from "../core/controllers.ts";
import type { OperationContext } from "../core/operation-context.ts";
import type { ProviderConfig } from "../core/provider-config.ts";
import { hasUnknown } from "../core/unknown.ts";
import { explain } from "../core/explain.ts";
import { PartialFailureError } from "../errors.ts";
import { hideUnknowns, revealUnknowns } from "../values/sentinels.ts";
import { createStatusOutput } from "./status-output.ts";
import { untilSignal } from "./process-signals.ts";

/** Input that holds the text by which the engine finds these methods again: it must be in every answer. */
const PROVIDER_KEY = "__provider";

/** Part of `pulumi.dynamic.Config`. */
interface StackConfig {
  get(key: string): string | undefined;
}

/** Configuration of the stack in this process, which serves one update of one stack. */
let config: ProviderConfig = {};

/** The methods of a resource type as the dynamic provider's process calls them. */
export function provider(type: string) {
  const controller = controllerFor(type);
  return {
    configure: async (request: { config: StackConfig }) => configure(request.config),
    check: async (olds: Properties, news: Properties) => check(controller, olds, news),
    diff: async (_id: string, olds: Properties, news: Properties) => diff(controller, olds, news),
    create: async (inputs: Properties) =>
      keepingPartial(inputs, async () => {
        const plain = withoutProvider(inputs);
        const { id, outputs } = await run(controller, plain, (context) => controller.create(plain, context));
        return { id, outs: toWire(outputs) };
      }),
    read: async (id: string, props: Properties) => read(controller, id, props),
    update: async (id: string, olds: Properties, news: Properties) =>
      keepingPartial(news, async () => {
        const newInputs = withoutProvider(news);
        const oldOutputs = withoutProvider(olds);
        const request = { id, oldInputs: pickInputs(controller, oldOutputs), oldOutputs, newInputs };
        return { outs: toWire(await run(controller, newInputs, (context) => controller.update(request, context))) };
      }),
    delete: async (id: string, props: Properties) => {
      const outputs = withoutProvider(props);
      const request = { id, inputs: pickInputs(controller, outputs), outputs };
      await explained(() => run(controller, outputs, (context) => controller.delete(request, context)));
    },
  };
}

function configure(stackConfig: StackConfig): void {
  const apiKey = stackConfig.get("nullspace:apiKey");
  const apiUrl = stackConfig.get("nullspace:apiUrl");
  // One object for all resource types, so that they share one client and its connections.
  if (config.apiKey === apiKey && config.apiUrl === apiUrl) return;
  config = { ...(apiKey ? { apiKey } : {}), ...(apiUrl ? { apiUrl } : {}) };
}

async function check(controller: Controller, olds: Properties, news: Properties) {
  const oldInputs = withoutProvider(olds);
  const request = {
    news: withoutProvider(news),
    ...(Object.keys(oldInputs).length === 0 ? {} : { olds: oldInputs }),
  };
  const { inputs, failures } = await explained(() =>
    run(controller, request.news, (context) => controller.check(request, context)),
  );
  return { inputs: toWire(inputs), failures };
}

/** The engine gives outputs here: they repeat the inputs of the last update. */
function diff(controller: Controller, olds: Properties, news: Properties) {
  const plain = withoutProvider(news);
  const result = controller.diff({
    oldInputs: pickInputs(controller, withoutProvider(olds)),
    newInputs: plain,
  });
  const replacing = result.changes.filter(({ effect }) => effect === "replace").map(({ path: [key] }) => String(key));
  // No dynamic provider can promise outputs in a preview, so every output of a resource that is updated is unknown there.
  // Most stay what they are: a preview full of replacements that never happen would teach the user to look away.
  const replaces = new Set(replacing.filter((key) => !hasUnknown(plain[key])));
  return {
    // Without an answer the engine compares the inputs itself, and shows the user what changed in them.
    changes: result.changes.length === 0 ? false : undefined,
    replaces: [...replaces],
    deleteBeforeReplace: replaces.size > 0 && result.deleteBeforeReplace,
    stables: result.stables,
  };
}

async function read(controller: Controller, id: string, props: Properties) {
  const outputs = withoutProvider(props ?? {});
  const managed = Object.keys(controller.outputs.shape).some((key) => outputs[key] !== undefined);
  const request = { id, ...(managed ? { inputs: pickInputs(controller, outputs), outputs } : {}) };
  const result = await explained(() => run(controller, outputs, (context) => controller.read(request, context)));
  if (result === undefined) return { id: "", props: {} };
  return { id: result.id, props: toWire(result.outputs), inputs: toWire(result.inputs) };
}

function run<Result>(
  controller: Controller,
  properties: Properties,
  operation: (context: OperationContext) => Promise<Result>,
): Promise<Result> {
  const name = typeof properties.name === "string" ? ` ${properties.name}` : "";
  const log = createStatusOutput(`${controller.type}${name}`, (line) => process.stdout.write(line));
  return untilSignal((signal) => operation({ urn: "", preview: false, signal, log, config, cwd: process.cwd() }));
}

/** A partial failure in the form that makes the engine keep the resource. */
async function keepingPartial<Result>(inputs: Properties, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await explained(operation);
  } catch (error) {
    if (!(error instanceof PartialFailureError)) throw error;
    throw Object.assign(new Error(error.message, { cause: error }), {
      id: error.id,
      properties: toWire({ ...error.outputs, [PROVIDER_KEY]: inputs[PROVIDER_KEY] }),
      reasons: [...error.reasons],
    });
  }
}

/** Only the message of an error reaches the user: it says all that is known. */
async function explained<Result>(operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof PartialFailureError || !(error instanceof Error) || explain(error) === error.message) {
      throw error;
    }
    throw new Error(explain(error), { cause: error });
  }
}

function withoutProvider(properties: Properties): Properties {
  const { [PROVIDER_KEY]: _text, ...rest } = revealUnknowns(properties) as Properties;
  return rest;
}

function pickInputs(controller: Controller, outputs: Properties): Properties {
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => key in controller.inputs.shape));
}

function toWire(properties: Properties): Properties {
  return hideUnknowns(properties) as Properties;
}
