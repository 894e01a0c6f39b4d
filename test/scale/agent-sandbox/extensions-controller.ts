/**
 * A stand-in for the part of agent-sandbox that keeps warm pools and serves claims, as a process of its own beside
 * `controller.ts`. Of what agent-sandbox was observed to do it does what native pools depend on: a SandboxWarmPool has as many Sandboxes
 * as it should, made from its SandboxTemplate; a SandboxClaim takes a ready one over, or gets one that is made for it. None of
 * its code is here.
 *
 *   node extensions-controller.ts KUBECONFIG
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { KubernetesError } from "../../../service/drivers/kubernetes/client/errors.ts";
import { followList, listAll } from "../../../service/drivers/kubernetes/client/follow-list.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";

const SANDBOXES = "agents.x-k8s.io/v1beta1";
const EXTENSIONS = "extensions.agents.x-k8s.io/v1beta1";
const label = (name: string) => `agents.x-k8s.io/${name}`;
const POOL_LABEL = label("warm-pool-sandbox");
/** A pass is tried again after so long, whatever has gone wrong. */
const RETRY_MS = 300;
const MERGE = "application/merge-patch+json";

const Meta = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  ownerReferences: z.array(z.looseObject({ uid: z.string(), kind: z.string(), name: z.string() })).nullish(),
});
type Meta = z.infer<typeof Meta>;
const Condition = z.looseObject({ type: z.string(), status: z.string() });
const Sandbox = z.looseObject({
  metadata: Meta,
  status: z.looseObject({ conditions: z.array(Condition).nullish(), podIPs: z.array(z.string()).nullish() }).nullish(),
});
type Sandbox = z.infer<typeof Sandbox>;
const Template = z.looseObject({
  metadata: Meta,
  spec: z.looseObject({
    podTemplate: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()).nullish() }).nullish(),
      spec: z.looseObject({}),
    }),
    envVarsInjectionPolicy: z.string(),
  }),
});
type Template = z.infer<typeof Template>;
const Pool = z.looseObject({
  metadata: Meta,
  spec: z.looseObject({ replicas: z.number(), sandboxTemplateRef: z.looseObject({ name: z.string() }) }),
  status: z.looseObject({}).nullish(),
});
type Pool = z.infer<typeof Pool>;
const Claim = z.looseObject({
  metadata: Meta,
  spec: z.looseObject({
    warmPoolRef: z.looseObject({ name: z.string() }),
    env: z.array(z.unknown()).nullish(),
    volumeClaimTemplates: z.array(z.unknown()).nullish(),
  }),
  status: z.looseObject({}).nullish(),
});
type Claim = z.infer<typeof Claim>;
const Anything = z.looseObject({});

const [kubeconfig = ""] = process.argv.slice(2);
const client = new KubernetesClient(await findCluster({ kubeconfig }));
const { signal } = new AbortController();
/** Whatever happens, everything is looked at again, one after the other: few objects, and nothing to be missed. */
let isWanted = true;
let isWorking = false;

const kinds = [
  [`/apis/${SANDBOXES}/sandboxes`],
  [`/apis/${EXTENSIONS}/sandboxtemplates`],
  [`/apis/${EXTENSIONS}/sandboxwarmpools`],
  [`/apis/${EXTENSIONS}/sandboxclaims`],
] as const;
await Promise.all(
  kinds.map(async ([path]) => {
    for await (const event of followList(client, { path, object: Anything, signal })) if (event.kind !== "lost") wake();
  }),
);

function wake(): void {
  isWanted = true;
  if (isWorking) return;
  isWorking = true;
  void work().finally(() => (isWorking = false));
}

async function work(): Promise<void> {
  while (isWanted) {
    isWanted = false;
    try {
      const list = async <S extends z.ZodType>(path: string, object: S) =>
        (await listAll(client, { path, object })).objects as z.infer<S>[];
      const pools = await list(`/apis/${EXTENSIONS}/sandboxwarmpools`, Pool);
      const templates = await list(`/apis/${EXTENSIONS}/sandboxtemplates`, Template);
      const claims = await list(`/apis/${EXTENSIONS}/sandboxclaims`, Claim);
      for (const claim of claims) if (claim.metadata.deletionTimestamp == null) await serve(claim, pools, templates);
      for (const pool of pools) if (pool.metadata.deletionTimestamp == null) await fill(pool, templates);
    } catch (error) {
      if (process.env.STAND_IN_LOG) console.error(error);
      setTimeout(wake, RETRY_MS);
    }
  }
}

async function sandboxesOf(namespace: string, selector: string): Promise<Sandbox[]> {
  const path = `/apis/${SANDBOXES}/namespaces/${namespace}/sandboxes`;
  return (await listAll(client, { path, query: { labelSelector: selector }, object: Sandbox })).objects;
}

/** As many Sandboxes as the pool should have, those on their way out counted when one is made, and its status. */
async function fill(pool: Pool, templates: readonly Template[]): Promise<void> {
  const { name, namespace, uid, generation } = pool.metadata;
  const selector = `${POOL_LABEL}=${hash(name)}`;
  const own = (await sandboxesOf(namespace, selector)).filter(({ metadata }) => ownerOf(metadata) === uid);
  const active = own.filter(({ metadata }) => metadata.deletionTimestamp == null);
  const template = find(templates, namespace, pool.spec.sandboxTemplateRef.name);
  const { replicas } = pool.spec;
  for (let count = own.length; count < replicas && template !== undefined; count += 1) {
    await createSandbox({ generateName: `${name}-` }, "warm", template, owner(EXTENSIONS, "SandboxWarmPool", pool), {
      [POOL_LABEL]: hash(name),
    });
  }
  const at = (each: Sandbox) => `${isReady(each) ? 1 : 0}`;
  const order = active.toSorted(
    (a, b) => at(a).localeCompare(at(b)) || b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  );
  for (const each of order.slice(0, Math.max(0, active.length - replicas))) await deleteSandbox(each);
  const ready = active.filter(isReady).length;
  const status = {
    replicas: active.length,
    readyReplicas: ready === 0 ? null : ready,
    selector,
    observedGeneration: generation,
  };
  await writeStatus("sandboxwarmpools", pool, status);
}

/** A ready member, or a Sandbox made for the claim; whichever it has, what that says of itself. */
async function serve(claim: Claim, pools: readonly Pool[], templates: readonly Template[]): Promise<void> {
  const { namespace, uid } = claim.metadata;
  const pool = find(pools, namespace, claim.spec.warmPoolRef.name);
  const of = await sandboxesOf(namespace, `${label("claim-uid")}=${uid}`);
  const bound = of.find(({ metadata }) => ownerOf(metadata) === uid);
  if (bound !== undefined) return tell(claim, bound);
  if (pool === undefined)
    return refuse(claim, "WarmPoolNotFound", `SandboxWarmPool "${claim.spec.warmPoolRef.name}" not found`);
  const isCold = (claim.spec.env?.length ?? 0) + (claim.spec.volumeClaimTemplates?.length ?? 0) > 0;
  const members = await sandboxesOf(namespace, `${POOL_LABEL}=${hash(pool.metadata.name)}`);
  const free = members.filter((each) => ownerOf(each.metadata) === pool.metadata.uid && isReady(each));
  const [oldest] = free.toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  if (oldest !== undefined && !isCold) return tell(claim, await adopt(claim, oldest));
  const template = find(templates, namespace, pool.spec.sandboxTemplateRef.name);
  if (template === undefined) return refuse(claim, "TemplateNotFound", "SandboxTemplate not found");
  if (isCold && template.spec.envVarsInjectionPolicy === "Disallowed") {
    return refuse(claim, "EnvVarsInjectionRejected", "not allowed by the template");
  }
  const { name } = claim.metadata;
  const made = { [label("claim-uid")]: uid };
  await createSandbox({ name }, "cold", template, owner(EXTENSIONS, "SandboxClaim", claim), made);
}

async function adopt(claim: Claim, { metadata }: Sandbox): Promise<Sandbox> {
  const path = `/apis/${SANDBOXES}/namespaces/${metadata.namespace}/sandboxes/${metadata.name}`;
  const gone = [POOL_LABEL, label("created-by"), label("sandbox-template-hash")].map((name) => [name, null]);
  const body = {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      labels: { ...Object.fromEntries(gone), [label("claim-uid")]: claim.metadata.uid },
      ownerReferences: [owner(EXTENSIONS, "SandboxClaim", claim)],
    },
  };
  return client.json({ method: "PATCH", path, body, contentType: MERGE }, Sandbox);
}

async function createSandbox(
  name: { name: string } | { generateName: string },
  launchType: "warm" | "cold",
  { metadata, spec }: Template,
  by: object,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const { podTemplate } = spec;
  const podMetadata = { ...podTemplate.metadata, labels: { ...podTemplate.metadata?.labels, ...labels } };
  const body = {
    apiVersion: SANDBOXES,
    kind: "Sandbox",
    metadata: {
      ...name,
      namespace: metadata.namespace,
      labels: {
        ...labels,
        [label("launch-type")]: launchType,
        [label("sandbox-template-ref-hash")]: hash(metadata.name),
        ...(launchType === "warm" && {
          [label("created-by")]: "controller",
          [label("sandbox-template-hash")]: hash(JSON.stringify(podTemplate)),
        }),
      },
      annotations: { [label("sandbox-template-ref")]: metadata.name },
      ownerReferences: [by],
    },
    spec: {
      podTemplate: { metadata: podMetadata, spec: { automountServiceAccountToken: false, ...podTemplate.spec } },
    },
  };
  await client.json(
    { method: "POST", path: `/apis/${SANDBOXES}/namespaces/${metadata.namespace}/sandboxes`, body },
    Anything,
  );
}

async function deleteSandbox({ metadata: { namespace, name, uid } }: Sandbox): Promise<void> {
  const path = `/apis/${SANDBOXES}/namespaces/${namespace}/sandboxes/${name}`;
  const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
  await client.json({ method: "DELETE", path, body }, Anything).catch((error: unknown) => {
    if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
  });
}

async function tell(claim: Claim, { metadata, status }: Sandbox): Promise<void> {
  const name = label("sandbox-name");
  if (claim.metadata.annotations?.[name] !== metadata.name) {
    const path = `/apis/${EXTENSIONS}/namespaces/${claim.metadata.namespace}/sandboxclaims/${claim.metadata.name}`;
    const body = { metadata: { annotations: { [name]: metadata.name } } };
    await client.json({ method: "PATCH", path, body, contentType: MERGE }, Anything);
  }
  const conditions = (status?.conditions ?? []).filter(({ type }) => type === "Ready" || type === "Finished");
  await writeStatus("sandboxclaims", claim, {
    conditions,
    sandbox: { name: metadata.name, podIPs: status?.podIPs ?? [] },
  });
}

async function refuse(claim: Claim, reason: string, message: string): Promise<void> {
  const before = (claim.status?.conditions as { reason?: string }[] | undefined)?.[0];
  if (before?.reason === reason) return;
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, "");
  const condition = { type: "Ready", status: "False", reason, message, lastTransitionTime };
  await writeStatus("sandboxclaims", claim, { conditions: [condition] });
}

/** Only when it is otherwise than before: each write wakes this controller. */
async function writeStatus(
  resource: string,
  { metadata, status: before }: Pool | Claim,
  status: object,
): Promise<void> {
  const same = Object.entries(status).every(
    ([name, value]) => JSON.stringify(value ?? undefined) === JSON.stringify(before?.[name]),
  );
  if (same) return;
  const path = `/apis/${EXTENSIONS}/namespaces/${metadata.namespace}/${resource}/${metadata.name}/status`;
  await client
    .json({ method: "PATCH", path, body: { status }, contentType: MERGE }, Anything)
    .catch((error: unknown) => {
      if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
    });
}

function owner(apiVersion: string, kind: string, { metadata: { name, uid } }: { metadata: Meta }): object {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

function ownerOf({ ownerReferences }: Meta): string | undefined {
  return ownerReferences?.[0]?.uid;
}

function isReady({ metadata, status }: Sandbox): boolean {
  const isThere = metadata.deletionTimestamp == null;
  return isThere && status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;
}

function find<T extends { metadata: Meta }>(all: readonly T[], namespace: string, name: string): T | undefined {
  return all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
