import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { NoApiKeyError, OtherServiceError, PartialFailureError, WrongNamespaceError } from "../../errors.ts";
import type { Controller } from "../controller.ts";
import type { CheckFailure, Properties } from "../properties.ts";
import type { OperationContext } from "../operation-context.ts";
import type { Mark } from "../ownership/mark.ts";
import { describeOwner } from "../ownership/takeover-ways.ts";
import { clientFor, type ProviderConfig } from "../provider-config.ts";
import { compareAddress, compareService } from "./compare-service.ts";
import { isOwnNamespace, recordService } from "./current-service.ts";
import { requireNamespace } from "./require-namespace.ts";
import { ServiceOutputs, serviceOf } from "./service-outputs.ts";

/**
 * A controller whose resources record which service they are of, and that touches nothing at another one: what is missing
 * there is not gone, and what has the same name there is something else.
 */
export function withServiceIdentity(controller: Controller): Controller {
  return {
    ...controller,
    outputs: controller.outputs.extend(ServiceOutputs.shape),
    async check(request, context) {
      const { inputs, failures } = await controller.check(request, context);
      if (failures.length > 0) return { inputs, failures };
      return { inputs, failures: await findWrongNamespaces(inputs, context.config) };
    },
    async create(inputs, context) {
      if (!context.preview) await requireNamespace(context.config.namespace, context);
      const { id, outputs } = await recording(context, undefined, () => controller.create(inputs, context));
      return { id, outputs: context.preview ? outputs : await withRecord(outputs, context) };
    },
    async read(request, context) {
      await requireSameService(request.outputs, context);
      // A refresh changes nothing at the service: the mark there is still the one that the state records.
      const known = withFormerMark(context, request.outputs);
      const result = await controller.read(request, known);
      if (result === undefined) return undefined;
      const { owner, ...read } = result;
      // What is imported goes on under the mark that it has: the next update makes it this resource's, as after a rename.
      const isTakenOver = request.outputs === undefined && owner !== undefined && owner !== context.mark;
      if (isTakenOver) context.log("warning", importedNotice(read.id, owner, context));
      const outputs = await withRecord(
        read.outputs,
        isTakenOver ? { ...known, formerMark: owner } : known,
        request.outputs,
      );
      return { ...read, outputs };
    },
    promise(request) {
      return withRecorded(controller.promise(request), request.oldOutputs);
    },
    async update(request, context) {
      const { oldOutputs } = request;
      if (context.preview) return withRecorded(await controller.update(request, context), oldOutputs);
      await requireSameService(oldOutputs, context);
      const known = withFormerMark(context, oldOutputs);
      const outputs = await recording(known, oldOutputs, () => controller.update(request, known));
      return withRecord(outputs, { ...context, formerMark: context.mark }, oldOutputs);
    },
    async delete(request, context) {
      await requireSameService(request.outputs, context);
      await controller.delete(request, withFormerMark(context, request.outputs));
    },
  };
}

function importedNotice(id: string, owner: Mark, { mark }: OperationContext): string {
  return (
    `${id} ${describeOwner(owner, mark)}, and is taken over by this import: take it out of there, without deleting it ` +
    "(pulumi state delete)"
  );
}

/**
 * The namespaces, of the settings and of the inputs, that are not the API key's own, so that a preview says it. What the
 * service does not tell, or cannot be asked, is no reason for a preview to fail: the update asks again.
 */
async function findWrongNamespaces(inputs: Properties, config: ProviderConfig): Promise<CheckFailure[]> {
  const asked = [
    { property: "", namespace: config.namespace },
    { property: "namespace", namespace: inputs.namespace },
  ];
  const failures: CheckFailure[] = [];
  for (const { property, namespace } of asked) {
    if (typeof namespace !== "string") continue;
    const client = clientIfKeyed(config);
    if (client === undefined || (await isOwnNamespace(client, namespace)) !== false) continue;
    failures.push({ property, reason: new WrongNamespaceError(namespace, client.baseUrl).message });
  }
  return failures;
}

/** Says in a preview that the resource is of another service than the one the provider is set to. */
export async function otherServiceNotice(
  outputs: Properties,
  { config }: Pick<OperationContext, "config">,
): Promise<string | undefined> {
  const recorded = serviceOf(outputs);
  const client = recorded === undefined ? undefined : clientIfKeyed(config);
  if (recorded === undefined || client === undefined) return undefined;
  // A service that does not answer is no reason for a preview to fail.
  const comparison = await compareAddress(client, recorded, outputs).catch(() => "unknown" as const);
  if (comparison === "same") return undefined;
  if (comparison === "other") return new OtherServiceError({ recorded: recorded.url, current: client.baseUrl }).message;
  return (
    `this resource was made at ${recorded.url}, and the provider is set to ${client.baseUrl}: ` +
    "whether that is the same service under another name could not be learned"
  );
}

/** Without a key there is no service to compare with: the update itself says that there is none. */
function clientIfKeyed(config: ProviderConfig): NullspaceClient | undefined {
  try {
    return clientFor(config);
  } catch (error) {
    if (error instanceof NoApiKeyError) return undefined;
    throw error;
  }
}

/** The promised outputs and the record, which an update in place leaves as it is. */
function withRecorded(promised: Properties, { service }: Properties): Properties {
  return { ...promised, ...(service === undefined ? {} : { service }) };
}

async function requireSameService(outputs: Properties | undefined, context: OperationContext): Promise<void> {
  const { config } = context;
  await requireNamespace(config.namespace, context);
  const recorded = serviceOf(outputs);
  if (recorded === undefined) return;
  const client = clientFor(config);
  if ((await compareService(client, recorded, outputs ?? {})) === "same") return;
  throw new OtherServiceError({ recorded: recorded.url, current: client.baseUrl });
}

/**
 * A resource that is kept after a failure records its service, too: what is known of it without asking. The failure may be
 * a stop, or a service that answers no more.
 */
async function recording<Result>(
  context: OperationContext,
  last: Properties | undefined,
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof PartialFailureError)) throw error;
    const { id, reasons, cause, outputs } = error;
    const known = serviceOf(last) ?? { url: clientFor(context.config).baseUrl };
    const service = { ...known, mark: known.mark ?? context.mark };
    throw new PartialFailureError({ id, reasons, cause, outputs: { ...outputs, service } });
  }
}

function withFormerMark(context: OperationContext, outputs: Properties | undefined): OperationContext {
  const formerMark = serviceOf(outputs)?.mark;
  return formerMark === undefined || formerMark === context.mark ? context : { ...context, formerMark };
}

async function withRecord(outputs: Properties, context: OperationContext, last?: Properties): Promise<Properties> {
  const { config } = context;
  const ref = [outputs.canonicalRef, outputs.ref, outputs.aliasRef, outputs.template].find(
    (value) => typeof value === "string",
  );
  const record = await recordService(clientFor(config), ref);
  const before = serviceOf(last);
  const mark = context.formerMark ?? context.mark;
  // The same service by another spelling of its address is not a difference.
  return { ...outputs, service: { ...before, ...record, url: before?.url ?? record.url, mark } };
}
