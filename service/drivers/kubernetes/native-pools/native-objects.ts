import * as z from "zod";
import { Sandbox } from "../objects.ts";

const texts = z.record(z.string(), z.string()).nullish();

const metadata = z.looseObject({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string().nullish(),
  generation: z.number().nullish(),
  labels: texts,
  annotations: texts,
  deletionTimestamp: z.string().nullish(),
  managedFields: z.array(z.looseObject({ manager: z.string().nullish(), subresource: z.string().nullish() })).nullish(),
});

/** A SandboxTemplate, whole: it is compared with what it should be. */
export const SandboxTemplate = z.looseObject({ metadata, spec: z.looseObject({}) });
export type SandboxTemplate = z.infer<typeof SandboxTemplate>;

/** A SandboxWarmPool, whole. */
export const SandboxWarmPool = z.looseObject({
  metadata,
  spec: z.looseObject({}),
  status: z
    .looseObject({
      replicas: z.number().nullish(),
      // Absent when it is 0.
      readyReplicas: z.number().nullish(),
      selector: z.string().nullish(),
      observedGeneration: z.number().nullish(),
    })
    .nullish(),
});
export type SandboxWarmPool = z.infer<typeof SandboxWarmPool>;

/** A SandboxClaim, as far as it says what it is on. */
export const SandboxClaim = z.object({ spec: z.object({ warmPoolRef: z.object({ name: z.string() }).nullish() }) });

/** A Sandbox that agent-sandbox has made for a pool. */
export const MemberSandbox = Sandbox.extend({
  metadata: Sandbox.shape.metadata.extend({
    creationTimestamp: z.string().nullish(),
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().nullish() })).nullish(),
  }),
});
export type MemberSandbox = z.infer<typeof MemberSandbox>;

/** Whether agent-sandbox calls a Sandbox ready. */
export function isReady({ status }: MemberSandbox): boolean {
  return status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;
}
