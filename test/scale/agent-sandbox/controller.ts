/**
 * A stand-in for agent-sandbox's controller, as a process that tests kill, freeze and start again: of what agent-sandbox was observed
 * to do with a Sandbox it does what guests depend on. A Sandbox has one pod of its own name, which comes back when it is
 * deleted, stays when it has ended, and goes while the Sandbox is suspended; the status tells how it is. None of its code is here.
 *
 *   node controller.ts KUBECONFIG
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { KubernetesError } from "../../../service/drivers/kubernetes/client/errors.ts";
import { followList } from "../../../service/drivers/kubernetes/client/follow-list.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { sandboxOwner } from "../../../service/drivers/kubernetes/guest-pod.ts";
import { Pod } from "../../../service/drivers/kubernetes/objects.ts";
import { SANDBOX_GROUP, SANDBOX_VERSION } from "../../../service/drivers/kubernetes/sandbox-api.ts";

const NAME_HASH_LABEL = `${SANDBOX_GROUP}/sandbox-name-hash`;
const API_VERSION = `${SANDBOX_GROUP}/${SANDBOX_VERSION}`;
const RETRY_MS = { first: 100, most: 5_000 };

const Metadata = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.number(),
  deletionTimestamp: z.string().nullish(),
});
const Sandbox = z.looseObject({
  metadata: Metadata,
  spec: z.looseObject({
    operatingMode: z.string().nullish(),
    podTemplate: z.looseObject({
      metadata: z.looseObject({
        labels: z.record(z.string(), z.string()).nullish(),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
      spec: z.looseObject({}),
    }),
  }),
  status: z.looseObject({}).nullish(),
});
type Sandbox = z.infer<typeof Sandbox>;
const PlacedPod = Pod.extend({ metadata: Pod.shape.metadata.extend({ namespace: z.string() }) });
type PlacedPod = z.infer<typeof PlacedPod>;
const Anything = z.looseObject({});

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

const [kubeconfig = ""] = process.argv.slice(2);
const client = new KubernetesClient(await findCluster({ kubeconfig }));
const { signal } = new AbortController();
const sandboxes = new Map<string, Sandbox>();
const pods = new Map<string, PlacedPod>();
/** What is being looked at, and whether it has to be looked at again. */
const working = new Map<string, boolean>();
const failures = new Map<string, number>();

await Promise.all([
  follow(`/apis/${API_VERSION}/sandboxes`, Sandbox, sandboxes),
  follow("/api/v1/pods", PlacedPod, pods, { labelSelector: NAME_HASH_LABEL }),
]);

async function follow<T extends Sandbox | PlacedPod>(
  path: string,
  object: z.ZodType<T>,
  known: Map<string, T>,
  query: Record<string, string> = {},
): Promise<void> {
  for await (const event of followList(client, { path, query, object, signal })) {
    if (event.kind === "all") {
      const before = [...known.keys()];
      known.clear();
      for (const each of event.objects) known.set(keyOf(each.metadata), each);
      for (const key of new Set([...before, ...known.keys()])) wake(key);
    } else if (event.kind === "changed" || event.kind === "gone") {
      const key = keyOf(event.object.metadata);
      if (event.kind === "gone") known.delete(key);
      else known.set(key, event.object);
      wake(key);
    }
  }
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Has a Sandbox looked at, one look after the other. */
function wake(key: string): void {
  if (working.has(key)) working.set(key, true);
  else {
    working.set(key, false);
    void work(key);
  }
}

async function work(key: string): Promise<void> {
  try {
    const sandbox = sandboxes.get(key);
    if (sandbox !== undefined && sandbox.metadata.deletionTimestamp == null) await reconcile(sandbox);
    failures.delete(key);
  } catch (error) {
    const failed = (failures.get(key) ?? 0) + 1;
    failures.set(key, failed);
    if (process.env.STAND_IN_LOG) console.error(key, error);
    setTimeout(() => wake(key), Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failed));
  }
  const isAgain = working.get(key) === true;
  working.delete(key);
  if (isAgain) wake(key);
}

async function reconcile(sandbox: Sandbox): Promise<void> {
  const key = keyOf(sandbox.metadata);
  const pod = pods.get(key);
  try {
    const isSuspended = sandbox.spec.operatingMode === "Suspended";
    if (isSuspended && pod !== undefined && pod.metadata.deletionTimestamp == null) await deletePod(pod);
    if (!isSuspended && pod === undefined) await createPod(sandbox);
    await tell(sandbox, isSuspended, pod);
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    const { said: message } = error;
    await writeStatus(sandbox, [
      { type: "Ready", status: "False", reason: "ReconcilerError", message: `Error seen: ${message}` },
    ]);
    throw error;
  }
}

async function createPod({ metadata, spec }: Sandbox): Promise<void> {
  const { name, namespace, uid } = metadata;
  const { labels, annotations } = spec.podTemplate.metadata;
  const nameHash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  const owner = { apiVersion: API_VERSION, kind: "Sandbox", name, uid, controller: true, blockOwnerDeletion: true };
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { ...labels, [NAME_HASH_LABEL]: nameHash },
      annotations,
      ownerReferences: [owner],
    },
    spec: spec.podTemplate.spec,
  };
  await client.json({ method: "POST", path: `/api/v1/namespaces/${namespace}/pods`, body }, Anything);
}

async function deletePod({ metadata: { namespace, name, uid } }: PlacedPod): Promise<void> {
  const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
  await client.json({ method: "DELETE", path: `/api/v1/namespaces/${namespace}/pods/${name}`, body }, Anything);
}

async function tell(sandbox: Sandbox, isSuspended: boolean, pod: PlacedPod | undefined): Promise<void> {
  const own = pod !== undefined && sandboxOwner(pod) === sandbox.metadata.uid ? pod : undefined;
  const scheduled = own?.status?.conditions?.find(({ type }) => type === "PodScheduled");
  const ended = { Succeeded: "PodSucceeded", Failed: "PodFailed" }[own?.status?.phase ?? ""];
  const isReady = own?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  const conditions: Condition[] = [
    isSuspended
      ? { type: "Suspended", status: "True", reason: "PodTerminated", message: "Pod is terminated" }
      : { type: "Suspended", status: "False", reason: "NotSuspended", message: "Sandbox is running" },
    readyCondition(own, { isReady, ended }),
  ];
  if (scheduled != null) {
    const { status, reason, message } = scheduled;
    const known = status === "True" ? "True" : "False";
    conditions.push({ type: "PodScheduled", status: known, reason: reason ?? "Scheduled", message: message ?? "" });
  }
  if (ended !== undefined) conditions.push({ type: "Finished", status: "True", reason: ended, message: "" });
  const { podIP } = own?.status ?? {};
  await writeStatus(sandbox, conditions, {
    podIPs: podIP == null ? [] : [podIP],
    nodeName: own?.spec.nodeName ?? "",
  });
}

function readyCondition(
  pod: PlacedPod | undefined,
  { isReady, ended }: { isReady: boolean; ended: string | undefined },
): Condition {
  if (ended !== undefined) return { type: "Ready", status: "False", reason: ended, message: "Pod has ended" };
  if (isReady) return { type: "Ready", status: "True", reason: "DependenciesReady", message: "Pod is Ready" };
  const message = pod === undefined ? "Pod does not exist" : `Pod exists with phase: ${pod.status?.phase ?? ""}`;
  return { type: "Ready", status: "False", reason: "DependenciesNotReady", message };
}

/** Only when it is otherwise than before: each write wakes whoever follows the Sandbox, this controller among them. */
async function writeStatus(sandbox: Sandbox, conditions: readonly Condition[], more: object = {}): Promise<void> {
  const { name, namespace, generation } = sandbox.metadata;
  const before = (sandbox.status?.conditions ?? []) as (Condition & { lastTransitionTime: string })[];
  const now = new Date().toISOString().replace(/\.\d+/, "");
  const dated = conditions.map((condition) => {
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, observedGeneration: generation, lastTransitionTime: same?.lastTransitionTime ?? now };
  });
  const status = { conditions: dated, ...more };
  const old = Object.fromEntries(Object.keys(status).map((key) => [key, sandbox.status?.[key]]));
  if (JSON.stringify(sorted(status)) === JSON.stringify(sorted(old))) return;
  try {
    const path = `/apis/${API_VERSION}/namespaces/${namespace}/sandboxes/${name}/status`;
    const contentType = "application/merge-patch+json";
    await client.json({ method: "PATCH", path, body: { status }, contentType }, Anything);
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
  }
}

/** With members in one order, as the server keeps its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
