import * as z from "zod";

const text = z.string().nullish();
const time = z.string().nullish();
const texts = z.record(z.string(), z.string()).nullish();

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: text,
  message: text,
  lastTransitionTime: time,
});

const ContainerStatus = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).nullish(),
      running: z.object({ startedAt: time }).nullish(),
      terminated: z.object({ exitCode: z.number(), reason: text, message: text }).nullish(),
    })
    .nullish(),
});

/** A pod, as far as a guest is seen in it; the rest is not kept. */
export const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: texts,
    annotations: texts,
    deletionTimestamp: time,
    ownerReferences: z
      .array(z.object({ apiVersion: z.string(), kind: z.string(), uid: z.string(), controller: z.boolean().nullish() }))
      .nullish(),
  }),
  spec: z.object({ nodeName: text }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      podIP: text,
      conditions: z.array(Condition).nullish(),
      containerStatuses: z.array(ContainerStatus).nullish(),
    })
    .nullish(),
});
export type Pod = z.infer<typeof Pod>;

/** A Sandbox of agent-sandbox (`agents.x-k8s.io/v1beta1`), as far as a guest is seen in it. */
export const Sandbox = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: texts,
    annotations: texts,
    deletionTimestamp: time,
  }),
  spec: z.object({ operatingMode: text }),
  status: z.object({ conditions: z.array(Condition).nullish() }).nullish(),
});
export type Sandbox = z.infer<typeof Sandbox>;

const Taint = z.object({ key: z.string(), value: text, effect: z.string() });
export type Taint = z.infer<typeof Taint>;

/** A node, as far as it says what fits on it, whether it is there, and which images it has. */
export const Node = z.object({
  metadata: z.object({ name: z.string(), labels: texts }),
  spec: z.object({ unschedulable: z.boolean().nullish(), taints: z.array(Taint).nullish() }).nullish(),
  status: z
    .object({
      allocatable: z.record(z.string(), z.union([z.string(), z.number()])).nullish(),
      conditions: z.array(Condition).nullish(),
      images: z.array(z.object({ names: z.array(z.string()).nullish() })).nullish(),
    })
    .nullish(),
});
export type Node = z.infer<typeof Node>;

/** A runtime that pods may be run by. */
export const RuntimeClass = z.object({ metadata: z.object({ name: z.string() }), handler: z.string() });

/** A quota of a namespace. */
export const ResourceQuota = z.object({
  metadata: z.object({ name: z.string() }),
  status: z
    .object({
      hard: z.record(z.string(), z.union([z.string(), z.number()])).nullish(),
      used: z.record(z.string(), z.union([z.string(), z.number()])).nullish(),
    })
    .nullish(),
});
export type ResourceQuota = z.infer<typeof ResourceQuota>;
